package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Precision;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// What a command line gave, and what the tests of the commands start from.
public record Cli(int code, String out, String err) {
    private static final List<String> WORDS = List.of("to", "be", "or", "not", "that", "is", "the", "question",
            "whether", "nobler", "in", "mind", "suffer", "slings", "and", "arrows", "of", "outrageous", "fortune\n");

    /// Runs `args` in this process.
    public static Cli run(Object... args) {
        var out = new StringWriter();
        var err = new StringWriter();
        var words = List.of(args).stream().map(Object::toString).toArray(String[]::new);
        int code = Sfumato.run(new PrintWriter(out), new PrintWriter(err, true), words);
        return new Cli(code, out.toString(), err.toString());
    }

    /// Runs `args` in this process while every write to standard output fails as `failure` says.
    public static Cli unwritable(String failure, String... args) {
        var closed = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException(failure);
            }
        };
        var err = new StringWriter();
        var out = new PrintWriter(new ClosedPipe.Detector(closed), false, StandardCharsets.UTF_8);
        return new Cli(Sfumato.run(out, new PrintWriter(err, true), args), "", err.toString());
    }

    /// Starts `args` in a JVM of its own, with nothing on its streams but files beside `log`. C1 alone compiles there,
    /// which is quicker for the little that such a process does, and must give the same bits.
    public static Process start(Path log, List<String> jvm, Object... args) throws IOException {
        var command = new ArrayList<>(List.of(System.getProperty("java.home") + "/bin/java", "--add-modules",
                "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC", "-Xmx512m",
                "-XX:TieredStopAtLevel=1"));
        command.addAll(vectorWidth());
        command.addAll(jvm);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), "org.sfumato.cli.Sfumato"));
        List.of(args).forEach(arg -> command.add(arg.toString()));
        return new ProcessBuilder(command).redirectOutput(out(log).toFile()).redirectError(err(log).toFile()).start();
    }

    /// The options of this JVM that say how wide its vectors are: results have the same bits for one width only.
    private static List<String> vectorWidth() {
        return ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(option -> option.startsWith("-XX:UseAVX=") || option.startsWith("-XX:MaxVectorSize=")).toList();
    }

    /// What a process that was started with `log` has given.
    public static Cli ended(Process process, Path log) throws Exception {
        int code = process.waitFor();
        return new Cli(code, Files.readString(out(log)), Files.readString(err(log)));
    }

    private static Path out(Path log) {
        return log.resolveSibling(log.getFileName() + ".out");
    }

    private static Path err(Path log) {
        return log.resolveSibling(log.getFileName() + ".err");
    }

    /// The last line of standard output as JSON.
    public JsonNode json() {
        return JsonMapper.shared().readTree(out.lines().toList().getLast());
    }

    public Cli succeeds() {
        assertThat(err).doesNotContain("sfumato:", "Exception", "\tat ");
        assertThat(code).isZero();
        return this;
    }

    /// A message of at most three lines that starts so; nothing on standard output, no stack trace.
    public Cli fails(int wanted, String message) {
        assertThat(err.lines().dropWhile(line -> !line.startsWith("sfumato: "))).hasSizeBetween(1, 3)
                .first().asString().contains(message);
        assertThat(err).doesNotContain("\tat ", "Exception");
        assertThat(out).isEmpty();
        assertThat(code).isEqualTo(wanted);
        return this;
    }

    /// A file of a few thousand characters of English words.
    public static Path text(Path folder, int characters) throws IOException {
        var random = new Random(5);
        var text = new StringBuilder(String.join(" ", WORDS));
        while (text.length() < characters) {
            text.append(WORDS.get(random.nextInt(WORDS.size()))).append(' ');
        }
        return Files.writeString(folder.resolve("text.txt"), text.substring(0, characters));
    }

    /// Puts a training of a tiny network at step 0 into `out`, with an average of the weights; `--resume` goes on.
    public static void begin(Path out, Path text) throws IOException {
        var corpus = TextCorpus.ofCharacters(TextCorpus.read(text));
        var model = TransformerConfig.modern(corpus.tokenizer().vocabularySize() + 1, 16, 16, 1, 2);
        var config = new TrainingConfig(model, 2, 16, 3e-3, .02, .9, .99, .01, false, 1, 4, .6, .9, .1, 7,
                Precision.F32);
        var progress = JsonNodeFactory.instance.objectNode();
        try (var trainer = new Trainer(config, MaskedProcess.of(model.vocabulary() - 1), corpus.train(), 1);
                var checkpoints = new Checkpoints(out.resolve("checkpoints"), 1)) {
            checkpoints.save(TrainingCheckpoint.of(trainer, corpus.tokenizer(), progress));
        }
    }

    /// The folder of the checkpoint of `step`.
    public static Path checkpoint(Path out, int step) {
        return out.resolve("checkpoints").resolve("step-%09d".formatted(step));
    }

    /// The tensors in the checkpoint of `step`, byte for byte.
    public static void requireSame(Path out, Path other, int step) throws IOException {
        var names = List.of("weights.safetensors", "optimizer.safetensors", "average.safetensors");
        var found = new TreeMap<String, Long>();
        for (var name : names) {
            if (Files.exists(checkpoint(out, step).resolve(name)) || !name.startsWith("average")) {
                found.put(name, Files.mismatch(checkpoint(out, step).resolve(name),
                        checkpoint(other, step).resolve(name)));
            }
        }
        assertThat(found.values()).as("first differing byte of %s", found).containsOnly(-1L);
    }
}
