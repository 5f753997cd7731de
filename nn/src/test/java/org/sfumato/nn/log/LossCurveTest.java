package org.sfumato.nn.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.nn.log.LossCurve.Point;
import org.sfumato.nn.log.LossCurve.Series;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

class LossCurveTest {
    private static final LossCurve CHART = new LossCurve("A < B & C", "step", "loss (nats)", Scale.LINEAR,
            Scale.LINEAR);

    private static Document parsed(String svg) throws Exception {
        var factory = DocumentBuilderFactory.newInstance();
        factory.setNamespaceAware(true);
        return factory.newDocumentBuilder().parse(new InputSource(new StringReader(svg)));
    }

    @Test
    void theChartIsWellFormedAndNamesItsParts() throws Exception {
        var document = parsed(CHART.svg(List.of(new Series("train", List.of(new Point(0, 4), new Point(10, 2)), 0.5),
                new Series("validation", List.of(new Point(5, 3)), 0))));
        var texts = document.getElementsByTagNameNS("http://www.w3.org/2000/svg", "text");
        var found = new ArrayList<String>();
        for (int i = 0; i < texts.getLength(); i++) {
            found.add(texts.item(i).getTextContent());
        }
        assertThat(found).contains("A < B & C", "step", "loss (nats)", "train", "validation", "0", "4", "10", "2.5");
    }

    @Test
    void pointsLieWhereTheTicksSay() {
        var axis = Axis.around(List.of(1.0, 5.0), Scale.LINEAR, 0, 100, 500);
        assertThat(axis.pixel(1)).isEqualTo(100);
        assertThat(axis.pixel(2)).isEqualTo(200, within(1e-9));
        var logarithmic = Axis.around(List.of(.01, 100.0), Scale.LOGARITHMIC, 0, 0, 4);
        assertThat(logarithmic.pixel(10)).isEqualTo(3, within(1e-9));
        assertThat(CHART.svg(List.of(new Series("a", List.of(new Point(0, 1), new Point(2, 1), new Point(8, 1)), 0))))
                .contains("M76.0 218.0h0L241.0 218.0L736.0 218.0");
    }

    @ParameterizedTest
    @CsvSource({"LINEAR, 0, 1", "LINEAR, -3.2, 17", "LINEAR, 1.4512, 1.4533", "LINEAR, 0, 250000", "LINEAR, 1e-9, 9e-9",
        "LOGARITHMIC, 1, 2", "LOGARITHMIC, 1.31, 1.33", "LOGARITHMIC, .8, 9", "LOGARITHMIC, 1e-5, 1e4",
        "LOGARITHMIC, 1e-100, 1e100"})
    void ticksAreSeveralRoundNumbersInsideTheRange(Scale scale, double low, double high) {
        var ticks = new Axis(scale, low, high, 0, 100).ticks();
        assertThat(ticks).hasSizeBetween(3, 12).isSorted().doesNotHaveDuplicates()
                .allMatch(tick -> tick >= low && tick <= high)
                .allMatch(tick -> Axis.label(tick).length() <= 7);
        assertThat(ticks.stream().map(Axis::label)).doesNotHaveDuplicates();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.25, 0.25", "-1.5, -1.5", "20000, 20k", "1500000, 1.5M", "3e9, 3G", "1e-7, 1e-7",
            "2.5e13, 2.5e13"})
    void labelsAreShort(double value, String label) {
        assertThat(Axis.label(value)).isEqualTo(label);
    }

    /// By hand for s = 1/2: m = 2, weight 1/2 -> 4; m = 2, weight 3/4 -> 8/3; m = 3, weight 7/8 -> 24/7.
    @Test
    void smoothingIsTheMeanWithoutBias() {
        var smooth = new Series("train", List.of(new Point(0, 4), new Point(1, 2), new Point(2, 4)), 0.5)
                .smoothed(Scale.LINEAR);
        assertThat(smooth.get(0).value()).isEqualTo(4, within(1e-12));
        assertThat(smooth.get(1).value()).isEqualTo(8.0 / 3, within(1e-12));
        assertThat(smooth.get(2).value()).isEqualTo(24.0 / 7, within(1e-12));
    }

    @Test
    void valuesWithoutAPlaceAreGaps() {
        var points = List.of(new Point(1, 1), new Point(2, Double.NaN), new Point(3, 0), new Point(4, 2),
                new Point(5, 1));
        var linear = CHART.svg(List.of(new Series("a", points, 0)));
        assertThat(subpaths(linear)).isEqualTo(2);
        var logarithmic = new LossCurve("", "", "", Scale.LINEAR, Scale.LOGARITHMIC)
                .svg(List.of(new Series("a", points, 0)));
        assertThat(subpaths(logarithmic)).isEqualTo(2);
        assertThat(logarithmic).doesNotContain("NaN").doesNotContain("Infinity");
    }

    private static long subpaths(String svg) {
        var curve = svg.lines().filter(line -> line.contains("stroke-linejoin")).findFirst().orElseThrow();
        return Pattern.compile("M[\\d.]+ [\\d.]+h0").matcher(curve).results().count();
    }

    @Test
    void aLongRunMakesASmallFileThatKeepsItsPeaks() {
        var points = new ArrayList<Point>();
        for (int i = 0; i < 200_000; i++) {
            points.add(new Point(i, i == 123_456 ? 9 : 1 + Math.sin(i)));
        }
        var svg = CHART.svg(List.of(new Series("train", points, 0.99)));
        assertThat(svg.length()).isLessThan(120_000);
        assertThat(svg.contains(" 70.7L")).isTrue();  // the peak, 1/22 of the height below the top
    }

    @Test
    void oneValueOrOneStepIsEnough() {
        assertThat(CHART.svg(List.of(new Series("a", List.of(new Point(3, 0)), 0)))).doesNotContain("NaN");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> CHART.svg(List.of(new Series("a", List.of(new Point(1, Double.NaN)), 0))))
                .withMessageContaining("no point");
    }
}
