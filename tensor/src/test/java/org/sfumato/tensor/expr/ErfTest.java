package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.math.BigDecimal;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.SharedData;

class ErfTest {
    /// Values: NIST Digital Library of Mathematical Functions, chapter 7; Abramowitz and Stegun, table 7.1.
    @ParameterizedTest
    @CsvSource({"0.1, 0.1124629160182849", "0.5, 0.5204998778130465", "1, 0.8427007929497149", "2, 0.9953222650189527",
        "3, 0.9999779095030014"})
    void agreesWithPublishedTables(double x, double erf) {
        assertThat(Ulps.f64(Erf.erf(x), erf)).isLessThan(2);
        assertThat(Erf.erf(-x)).isEqualTo(-Erf.erf(x));
    }

    @Test
    void edges() {
        assertThat(Double.doubleToRawLongBits(Erf.erf(-0.0))).isEqualTo(Double.doubleToRawLongBits(-0.0));
        assertThat(Erf.erf(Double.POSITIVE_INFINITY)).isEqualTo(1);
        assertThat(Erf.erf(Double.NEGATIVE_INFINITY)).isEqualTo(-1);
        assertThat(Erf.erf(Double.NaN)).isNaN();
        assertThat(Erf.erf(6)).isEqualTo(1);
        assertThat(Erf.complement(0)).isEqualTo(1);
        assertThat(Erf.complement(Double.POSITIVE_INFINITY)).isZero();
        assertThat(Erf.complement(Double.NEGATIVE_INFINITY)).isEqualTo(2);
        assertThat(Erf.complement(Double.NaN)).isNaN();
    }

    @ParameterizedTest
    @ValueSource(strings = {"boost_erf_data.tsv", "boost_erf_small_data.tsv", "boost_erf_large_data.tsv"})
    void agreesWithBoost(String file) throws IOException {
        var rows = Files.readAllLines(SharedData.require("num-special-functions/" + file));
        for (var row : rows.subList(1, rows.size())) {
            var columns = row.split("\t");
            double x = Double.parseDouble(columns[0]);
            var right = new BigDecimal(columns[1]);
            var error = new BigDecimal(Erf.erf(x)).subtract(right).abs().doubleValue();
            assertThat(error).as("erf(%s)", x).isLessThanOrEqualTo(1.7 * Math.ulp(right.doubleValue()));
            double complement = Double.parseDouble(columns[2]);
            assertThat(Erf.complement(x)).as("erfc(%s)", x)
                    .isCloseTo(complement, within((x < 20 ? 2e-15 : 2e-13) * complement + Double.MIN_NORMAL));
        }
    }
}
