package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.testing.ChildJvm;

/// A model is trained and sampled on the CUDA backend by the same commands as on the processor, with no change but the
/// name of the device. Its kernels run on the interpreter of PTX.
class CudaDeviceTest {
    private static final int STEPS = 10;

    @TempDir
    Path temp;

    /// A process whose default device is the interpreted one.
    static final class Program {
        private Program() { }

        public static void main(String[] args) {
            var folder = Path.of(System.getProperty("folder"));
            var out = new PrintWriter(System.out);
            int code = Sfumato.run(out, out, commands(folder.resolve("text"), folder.resolve("cuda")));
            code += Sfumato.run(out, out, sample(folder.resolve("cuda")));
            System.exit(code);
        }
    }

    private static String[] commands(Path text, Path to) {
        return new String[] {"train", "masked", "--data", text.toString(), "--out", to.toString(), "--steps",
            Integer.toString(STEPS), "--width", "16", "--layers", "1", "--heads", "2", "--context", "16", "--batch",
            "4", "--seed", "3", "--eval-every", "5"};
    }

    private static String[] sample(Path model) {
        return new String[] {"generate", "--model", model.toString(), "--length", "16", "--steps", "4", "--seed", "5"};
    }

    @Test
    void trainingAndSamplingAreThoseOfTheProcessor() throws IOException, InterruptedException {
        var text = Files.move(Cli.text(temp, 800), temp.resolve("text"));
        Cli.run((Object[]) commands(text, temp.resolve("cpu"))).succeeds();
        var here = Cli.run((Object[]) sample(temp.resolve("cpu"))).succeeds().out().strip();

        var child = ChildJvm.run(Program.class, null, "-Dsfumato.device=ptx", "-Dfolder=" + temp, "-Xmx1g",
                "-XX:TieredStopAtLevel=4");

        assertThat(child.status()).as(child.output()).isZero();
        assertThat(child.output().strip()).endsWith(here);
        var expected = losses(temp.resolve("cpu"));
        var actual = losses(temp.resolve("cuda"));
        assertThat(actual).hasSameSizeAs(expected).hasSizeGreaterThan(2);
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).isCloseTo(expected.get(i), within(1e-3));
        }
    }

    /// Losses of training and validation, in the order of the log.
    private static List<Double> losses(Path run) throws IOException {
        return Files.readAllLines(run.resolve("log.csv")).stream().skip(1).flatMap(line ->
                List.of(line.split(",", -1)).subList(1, 3).stream()).filter(cell -> !cell.isBlank())
                .map(Double::parseDouble).toList();
    }
}
