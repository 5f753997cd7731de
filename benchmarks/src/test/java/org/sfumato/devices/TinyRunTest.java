package org.sfumato.devices;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Precision;
import org.sfumato.testing.ChildJvm;

/// A program that names no device does on the CUDA backend what it does on the CPU: a run with the property
/// `sfumato.device`, over the interpreter of PTX.
class TinyRunTest {
    private static Map<String, double[]> cpu;
    private static Map<String, double[]> ptx;

    @BeforeAll
    static void runOnBoth() throws IOException, InterruptedException {
        cpu = TinyRun.results();
        var child = ChildJvm.run(TinyRun.class, null, "-XX:TieredStopAtLevel=4", "-Xmx1g", "-Dsfumato.device=ptx");
        assertThat(child.status()).as(child.output()).isZero();
        ptx = TinyRun.read(child.output());
        assertThat(ptx).containsOnlyKeys(cpu.keySet());
    }

    /// `|a - b| / |b|`, Euclidean.
    private static double distance(double[] a, double[] b) {
        assertThat(a).hasSameSizeAs(b);
        double off = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            off += (a[i] - b[i]) * (a[i] - b[i]);
            size += b[i] * b[i];
        }
        return off == 0 ? 0 : Math.sqrt(off / size);
    }

    @Test
    void lossesAndGradientsOfWholeNetworks() {
        assertThat(cpu.keySet()).filteredOn(name -> name.startsWith("gradient:")).hasSizeGreaterThan(30);
        cpu.forEach((name, values) -> {
            if (name.startsWith("loss:") || name.startsWith("gradient:")) {
                assertThat(distance(ptx.get(name), values)).as(name).isLessThan(2e-5);
            }
        });
    }

    /// bf16 has 8 bits, f16 11.
    @Test
    void twentyStepsOfMixedPrecisionFollowF32() {
        var exact = cpu.get("losses:F32");
        assertThat(exact).hasSize(20);
        for (var run : List.of(cpu, ptx)) {
            for (var precision : List.of(Precision.BF16, Precision.FP16)) {
                var losses = run.get("losses:" + precision);
                assertThat(losses).as("%s", precision).isNotEqualTo(exact);
                for (int s = 0; s < losses.length; s++) {
                    assertThat(losses[s]).as("%s, step %d", precision, s).isCloseTo(exact[s],
                            within(precision == Precision.BF16 ? 1e-2 : 2e-3));
                }
            }
            assertThat(run.get("scale")).as("nothing overflows").containsExactly(65536);
        }
    }

    @Test
    void twentyStepsOfTrainingFollowTheCpu() {
        var losses = ptx.get("losses");
        assertThat(losses).hasSize(20);
        for (int s = 0; s < losses.length; s++) {
            assertThat(losses[s]).as("step %d", s).isCloseTo(cpu.get("losses")[s], within(1e-3));
        }
        cpu.forEach((name, values) -> {
            if (name.startsWith("trained:")) {
                assertThat(distance(ptx.get(name), values)).as(name).isLessThan(1e-2);
            }
        });
    }

    @Test
    void theSameTextIsWritten() {
        assertThat(ptx.get("text")).hasSize(12).containsExactly(cpu.get("text"));
    }
}
