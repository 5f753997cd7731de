package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

class RecordJsonTest {
    enum Kind {
        SMALL, LARGE;

        @Override
        public String toString() {
            return "a " + name() + " one";
        }
    }

    record Inner(boolean on, String word) { }

    record Sample(int whole, long wide, double real, float narrow, Kind kind, Inner inner, List<Inner> several,
            Map<String, Integer> counts) {
        Sample {
            if (whole < 0) {
                throw new IllegalArgumentException("sample: whole " + whole + " < 0");
            }
        }

        public boolean isNotAComponent() {
            return true;
        }

        public int getNoComponentEither() {
            return 1;
        }
    }

    private static final String JSON = """
            {"whole":1,"wide":4611686018427387905,"real":0.1,"narrow":0.3,"kind":"LARGE",\
            "inner":{"on":true,"word":"Leonardo"},"several":[{"on":false,"word":""}],"counts":{"a":1}}""";
    private static final Sample SAMPLE = new Sample(1, (1L << 62) + 1, 0.1, 0.3f, Kind.LARGE,
            new Inner(true, "Leonardo"), List.of(new Inner(false, "")), Map.of("a", 1));

    @Test
    void fieldsAreTheComponentsInTheirOrder() {
        assertThat(JsonMapper.shared().writeValueAsString(RecordJson.write(SAMPLE))).isEqualTo(JSON);
    }

    @Test
    void textComesBackAsTheSameRecord() {
        assertThat(RecordJson.read(Sample.class, JsonMapper.shared().readTree(JSON))).isEqualTo(SAMPLE);
        assertThat(RecordJson.read(Sample.class,
                JsonMapper.shared().readTree(RecordJson.text(RecordJson.write(SAMPLE)))))
                .isEqualTo(SAMPLE);
    }

    @Test
    void extremeNumbersComeBackToTheBit() {
        for (double real : new double[] {-0.0, Double.MIN_VALUE, Math.nextUp(1.0), Double.MAX_VALUE, 1e-7, 1e23}) {
            var sample = new Sample(Integer.MAX_VALUE, Long.MIN_VALUE, real, (float) real, Kind.SMALL,
                    SAMPLE.inner, List.of(), Map.of());
            var json = RecordJson.text(RecordJson.write(sample)).replace("\"Infinity\"", "1e99");
            var back = RecordJson.read(Sample.class, JsonMapper.shared().readTree(json));
            assertThat(Double.doubleToRawLongBits(back.real)).isEqualTo(Double.doubleToRawLongBits(real));
            assertThat(back.wide).isEqualTo(Long.MIN_VALUE);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "\"whole\":1          | \"whole\":1,\"wohle\":2 | field \"wohle\" is unknown",
        "\"on\":true          | \"on\":true,\"off\":1   | field \"inner.off\" is unknown",
        "\"whole\":1,         | ``                      | field \"whole\" is missing",
        "{\"on\":false,       | {                       | field \"several[0].on\" is missing",
        "\"whole\":1          | \"whole\":1.5           | field \"whole\" is 1.5, not of type int",
        "\"whole\":1          | \"whole\":\"1\"         | field \"whole\" is \"1\", not of type int",
        "\"whole\":1          | \"whole\":5000000000    | field \"whole\" is 5000000000, not of type int",
        "\"whole\":1          | \"whole\":null          | field \"whole\" is null, not of type int",
        "\"whole\":1          | \"whole\":-1            | sample: whole -1 < 0",
        "\"LARGE\"            | \"large\"               | field \"kind\" is \"large\", not one of SMALL, LARGE",
        "\"LARGE\"            | 1                       | field \"kind\" is 1, not one of",
        "\"LARGE\"            | null                    | field \"kind\" is null",
        "\"on\":true          | \"on\":1                | field \"inner.on\" is 1, not of type boolean",
        "\"Leonardo\"         | 12                      | field \"inner.word\" is 12, not of type String",
        "{\"a\":1}            | [1]                     | field \"counts\" is [1]"})
    void whatDoesNotFitIsRefused(String text, String instead, String message) {
        assertThat(JSON).contains(text);
        var tree = JsonMapper.shared().readTree(JSON.replace(text, instead));
        assertThatIllegalArgumentException().isThrownBy(() -> RecordJson.read(Sample.class, tree))
                .withMessageStartingWith("Sample: ").withMessageContaining(message)
                .withMessageContaining("hint: its fields are whole, wide, real, narrow, kind, inner, several, counts");
    }

    @Test
    void onlyAnObjectIsARecord() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RecordJson.read(Inner.class, JsonMapper.shared().readTree("[1]")))
                .withMessage("Inner: [1] is no JSON object");
    }
}
