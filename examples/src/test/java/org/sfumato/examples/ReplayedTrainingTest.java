package org.sfumato.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Parameters;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.ChildJvm;

/// A training whose steps a device repeats as a whole gives the bits of one whose steps run operation by operation. The
/// device is the CUDA backend on the interpreter of PTX.
class ReplayedTrainingTest {
    private static final int STEPS = 12;

    /// AdamW and Muon, clipping, a scaled loss, dropout, an average, a rate that rises and falls, some rows that are
    /// shorter.
    private static TrainingConfig config(Precision precision) {
        var c = TransformerConfig.modern(11, 8, 8, 1, 2);
        var dropout = new TransformerConfig(c.vocabulary(), c.length(), c.width(), c.layers(), c.heads(), c.pattern(),
                c.mlpWidth(), c.activation(), c.norms(), c.positions(), c.biases(), c.output(),
                TransformerConfig.Start.NORMAL, .1, 0);
        return new TrainingConfig(dropout, 2, 8, 1e-2, .02, .9, .99, .1, false, 1, 3, .5, .9, .2, 9,
                precision);
    }

    /// A process whose default device is the interpreted one.
    static final class Program {
        private Program() { }

        public static void main(String[] args) {
            compare(Precision.F32, STEPS);
            compare(Precision.FP16, STEPS / 2);
        }

        private static void compare(Precision precision, int steps) {
            var device = Settings.current().device();
            try (var whole = trainer(precision); var apart = trainer(precision)) {
                long[] held = null;
                for (int step = 0; step < steps; step++) {
                    double loss = whole.step();
                    try (var fresh = trainer(precision)) {           // its first step runs operation by operation
                        load(fresh, apart);
                        require(loss == fresh.step(), "another loss in step " + step);
                        load(apart, fresh);
                    }
                    require(same(all(whole), all(apart)), "other bits in step " + step);
                    var now = new long[] {Memory.current(device).live(), Memory.current(device).reserved()};
                    held = step == steps / 2 ? now : held;
                    require(held == null || Arrays.equals(held, now), "more memory in step " + step);
                }
                System.out.println(precision + " repeated " + whole.repeated() + ", apart " + apart.repeated());
            }
        }

        private static Trainer trainer(Precision precision) {
            return new Trainer(config(precision), MaskedProcess.of(10),
                    Tokens.of(IntStream.range(0, 300).map(i -> (i * i / 7 + i) % 10).toArray()), STEPS);
        }

        private static void load(Trainer to, Trainer from) {
            Parameters.load(to.parameters(), from.parameters());
            Parameters.load(to.optimizerState(), from.optimizerState());
            Parameters.load(to.averages(), from.averages());
            to.resume(from.steps(), from.total());
        }

        private static Map<String, float[]> all(Trainer trainer) {
            var all = new TreeMap<String, float[]>();
            add(all, "parameter ", trainer.parameters());
            add(all, "state ", trainer.optimizerState());
            add(all, "average ", trainer.averages());
            return all;
        }

        private static void add(Map<String, float[]> all, String kind, Map<String, Tensor> tensors) {
            tensors.forEach((name, tensor) -> all.put(kind + name, tensor.toFloats()));
        }

        private static boolean same(Map<String, float[]> a, Map<String, float[]> b) {
            return a.keySet().equals(b.keySet()) && a.keySet().stream().allMatch(name ->
                    Arrays.equals(a.get(name), b.get(name)));
        }

        private static void require(boolean right, String otherwise) {
            if (!right) {
                throw new AssertionError(otherwise);
            }
        }
    }

    @Test
    void repeatedStepsGiveTheBitsOfSingleOperations() throws IOException, InterruptedException {
        var child = ChildJvm.run(Program.class, null, "-Dsfumato.device=ptx:3", "-Xmx1g");
        assertThat(child.status()).as(child.output()).isZero();
        // in FP16 the first step overflows, so there is an update less
        assertThat(child.output()).contains("F32 repeated 10, apart 0", "FP16 repeated 4, apart 0")
                .containsOnlyOnce("loss and gradients: differs from what was noted");
    }
}
