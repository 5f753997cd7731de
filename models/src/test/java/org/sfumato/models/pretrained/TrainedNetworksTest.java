package org.sfumato.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Npz;
import org.sfumato.testing.SharedData;
import org.sfumato.testing.TorchFile;
import org.sfumato.tokenizers.Tokenizers;

/// Trained networks of llama2.c against published texts and losses, and against a forward pass of NumPy in float64
/// (derived_reference.npz).
class TrainedNetworksTest {
    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private <T> T in(Reading<T> reading) {
        return scope.call(() -> {
            try {
                return reading.read();
            } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
            }
        });
    }

    private Transformer network(Path file) {
        return in(() -> Pretrained.load(file));
    }

    @ParameterizedTest
    @CsvSource({"w-stories260K, stories260K.bin, tokens", "w-stories260K, checkpoint_v1.bin, tokens",
            "w-babyllama105, model5000.bin, greedy_tokens"})
    void twoHundredGreedyStepsAndTheFirstLogits(String folder, String file, String name) {
        var network = network(SharedData.require(folder).resolve(file));
        var reference = in(() -> Npz.read(SharedData.require(folder).resolve("derived_reference.npz")));
        var tokens = reference.get(name).cast(DType.I64).toLongs();
        var written = new Decoder(network).generate(new int[] {(int) tokens[0]}, Decoding.greedy(tokens.length - 1),
                Decoder.Uniforms.of(Rng.of(0)), Decoder.Observer.NONE);
        assertThat(written).isEqualTo(Arrays.stream(tokens).skip(1).mapToInt(Math::toIntExact).toArray());
        scope.run(() -> {
            var logits = network.forward(Tensor.of(Arrays.copyOf(tokens, 16), 1, 16), Pass.INFERENCE);
            assertThat(TorchFile.error(logits.squeeze(0), reference.get("logits_f64_first16"), 1)).isLessThan(1e-5);
        });
    }

    /// Source of the loss: EN10/BabyLlama, iters-vs-val-loss.md, after 5,000 iterations.
    @Test
    void nextCharactersOfStoriesCostWhatWasPublished() throws IOException {
        var folder = SharedData.require("w-babyllama105");
        var network = network(folder.resolve("model5000.bin"));
        var tokenizer = Tokenizers.load(folder.resolve("tok105.model"));
        var text = Files.readString(SharedData.require("text-tinystories/tinystories_val_794k.txt"));
        double sum = 0;
        int count = 0;
        for (var story : text.split("<\\|endoftext\\|>")) {
            var ids = tokenizer.encode(story.strip());
            int length = Math.min(ids.length, network.config().length() - 1);
            if (length < 2 || count > 60_000) {
                continue;
            }
            var row = new long[length + 1];
            row[0] = 1;                                                     // the beginning of a text
            for (int i = 0; i < length; i++) {
                row[1 + i] = ids[i];
            }
            try (var temporary = Scope.open("story")) {
                sum += temporary.call(() -> {
                    var in = Tensor.of(Arrays.copyOf(row, length), 1, length);
                    var next = Tensor.of(Arrays.copyOfRange(row, 1, length + 1), 1, length);
                    return network.forward(in, Pass.INFERENCE).crossEntropy(next, -1, null).sum().item();
                });
            }
            count += length;
        }
        assertThat(sum / count).isBetween(.78, .84);
    }
}
