package org.sfumato.tensor.expr;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Comparator;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.TestReporter;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The error of each function of [VectorMath] at every float of its domain, against float64: some minutes in all, so
/// only where it is asked for,
///
///     mvn -pl tensor -am test -Dtest=ExhaustiveTest -Dexhaustive=0/4 -Dsurefire.failIfNoSpecifiedTests=false
///
/// for the floats whose bits are 0 modulo 4. All of them are 0/1, or 0/4 to 3/4 in turn.
@EnabledIfSystemProperty(named = ExhaustiveTest.PART, matches = "\\d+/\\d+")
class ExhaustiveTest {
    static final String PART = "exhaustive";
    private static final long FLOATS = 1L << 32;
    private static final int TASKS = 256;
    private static final int LANES = VectorMath.SPECIES.length();

    /// An error in ulps, and the float where it is.
    record Worst(double ulps, float at) { }

    static Stream<VectorMathTest.Function> functions() {
        var expBelow = new VectorMathTest.Function("expBelow", VectorMath::expBelow, null, Math::exp, -87.33f, 88, 1.05,
            0);
        return Stream.concat(VectorMathTest.functions(), Stream.of(expBelow));
    }

    @ParameterizedTest
    @MethodSource("functions")
    void isAccurateAtEveryFloat(VectorMathTest.Function f, TestReporter reporter) {
        var part = System.getProperty(PART).split("/");
        var worst = worst(f, Long.parseLong(part[0]), Long.parseLong(part[1]));
        reporter.publishEntry(f.name(), worst.ulps + " ulp at " + worst.at);
        assertThat(worst.ulps).as("%s(%s)", f.name(), worst.at).isLessThanOrEqualTo(f.ulps32());
    }

    /// The largest error at the floats whose bits are `part` modulo `parts`.
    static Worst worst(VectorMathTest.Function f, long part, long parts) {
        long count = (FLOATS - part + parts - 1) / parts;
        return LongStream.range(0, TASKS).parallel()
            .mapToObj(task -> worst(f, part, parts, count * task / TASKS, count * (task + 1) / TASKS))
            .max(Comparator.comparingDouble(Worst::ulps)).orElseThrow();
    }

    private static Worst worst(VectorMathTest.Function f, long part, long parts, long from, long to) {
        var x = new float[LANES];                           // what is not filled is 0, of which nothing is wrong
        var y = new float[LANES];
        var worst = new Worst(0, 0);
        int filled = 0;
        for (long i = from; i < to; i++) {
            x[filled] = Float.intBitsToFloat((int) (part + i * parts));
            filled += f.has(x[filled]) ? 1 : 0;
            if (filled == LANES || i + 1 == to) {
                f.f32().apply(FloatVector.fromArray(VectorMath.SPECIES, x, 0)).intoArray(y, 0);
                for (int k = 0; k < filled; k++) {
                    double error = Ulps.f32(y[k], f.right().applyAsDouble(x[k]));
                    worst = error > worst.ulps ? new Worst(error, x[k]) : worst;
                }
                filled = 0;
            }
        }
        return worst;
    }
}
