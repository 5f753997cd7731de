package org.sfumato.models.gist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.training.GistCheckpoint;
import org.sfumato.models.training.GistTrainer;
import org.sfumato.models.training.GistTrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.TorchFile;
import org.sfumato.tokenizers.CharTokenizer;
import tools.jackson.databind.node.JsonNodeFactory;

/// The gist autoencoder on small networks: what it is by composition of the network's own passes, that it learns, and
/// that it is kept.
class GistAutoencoderTest {
    private static final String TEXT = "abcdefgh hgfedcba aabbccdd dcbaabcd ".repeat(40);

    @TempDir
    Path folder;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static TransformerConfig network() {
        return TransformerConfig.modern(9, 24, 16, 2, 2)
                .withPattern(new TransformerConfig.Pattern(true, 0, 0, 0));
    }

    private static GistTrainingConfig recipe(int rank, boolean decoder) {
        return new GistTrainingConfig(3, 1, 9, rank, decoder, 4, 3e-3, 1e-4, 1, 2, 7, Precision.F32);
    }

    private static GistAutoencoder made(GistTrainingConfig config) {
        return GistTrainer.init(config, Transformer.init(network(), Rng.of(1)), Transformer.init(network(), Rng.of(2)),
                Rng.of(3));
    }

    private static Spans texts() {
        return Spans.padded(List.of(new int[] {1, 2, 3, 4, 5, 6, 7, 8, 0}, new int[] {3, 3, 1, 8}), 9);
    }

    @Test
    void gistsStandAtTheirPlacesAndSeeTheText() {
        scope.run(() -> {
            var made = made(recipe(0, true));
            var encoder = made.encoder();
            encoder.network().parameters().values().stream().filter(p -> p.shape().rank() == 2)
                    .forEach(p -> p.assign(Tensor.normal(p.shape(), Rng.of(p.shape().count())).mul(.3)));
            var spans = texts().part(0, 1);
            var z = made.latents(spans, Pass.INFERENCE);
            assertThat(z.shape()).isEqualTo(Shape.of(1, 4, network().width()));
            assertThat(z.slice(1, 3, 4).toFloats()).as("the constant").isEqualTo(encoder.aeTokens().toFloats());
            var text = encoder.network().token().forward(spans.ids());
            var all = Tensor.concat(1, text, encoder.gistTokens().unsqueeze(0));
            var stream = encoder.network().hidden(Input.ofEmbeddings(all, null, null),
                    new long[] {0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 3, 6}, Pass.INFERENCE);
            assertThat(TorchFile.error(z.slice(1, 0, 3), stream.slice(1, 9, 12), 1)).isLessThan(1e-6);
            var after = encoder.network().hidden(Input.ofEmbeddings(all, null, null), Pass.INFERENCE);
            assertThat(TorchFile.error(z.slice(1, 0, 3), after.slice(1, 9, 12), 1)).as("places matter")
                    .isGreaterThan(1e-4);
        });
    }

    /// The places 0, 1, 2, ... are those of an ordinary pass, for angles and for learned positions.
    @Test
    void placesInOrderAreTheUsualOnes() {
        scope.run(() -> {
            var made = made(recipe(0, true)).decoder();
            var ids = Tensor.of(new long[] {1, 5, 3, 8}, 1, 4);
            var usual = made.hidden(Input.of(ids), Pass.INFERENCE);
            var placed = made.hidden(Input.of(ids), new long[] {0, 1, 2, 3}, Pass.INFERENCE);
            assertThat(placed.toFloats()).isEqualTo(usual.toFloats());
        });
    }

    @Test
    void paddingIsSeenByNobody() {
        scope.run(() -> {
            var made = made(recipe(0, true));
            var padded = texts().part(1, 2);
            var short4 = padded.slice(0, 4);
            assertThat(TorchFile.error(made.latents(padded, Pass.INFERENCE), made.latents(short4, Pass.INFERENCE), 1))
                    .isLessThan(1e-5);
            var z = made.latents(short4, Pass.INFERENCE);
            var none = Spans.none(1, 0);
            double longer = made.crossEntropy(z, none, padded, Pass.INFERENCE).sum().item();
            assertThat(longer).isCloseTo(made.crossEntropy(z, none, short4, Pass.INFERENCE).sum().item(),
                    within(1e-4));
        });
    }

    /// What is written greedily, token by token through a cache, is what the decoder finds likeliest all at once.
    @Test
    void theWriterIsTheDecoder() {
        scope.run(() -> {
            var made = made(recipe(0, true));
            var z = made.latents(texts(), Pass.INFERENCE);
            var written = new Decoder(made.writer(z)).generate(List.of(new int[0], new int[0]), Decoding.greedy(6),
                    Decoder.Uniforms.of(Rng.of(1)), Decoder.Observer.NONE);
            for (int row = 0; row < 2; row++) {
                var ids = Spans.padded(List.of(written.get(row)), 6);
                var text = made.decoder().token().forward(ids.ids());
                var stream = made.decoder().hidden(Input.ofEmbeddings(Tensor.concat(1, z.slice(0, row, row + 1), text),
                        null, null), Pass.INFERENCE);
                var best = made.decoder().logits(stream, Pass.INFERENCE).argmax(-1).slice(1, 3, 9).toLongs();
                assertThat(best).isEqualTo(ids.ids().toLongs());
            }
        });
    }

    @Test
    void itLearnsAndRightLatentsBeatWrongOnes() {
        scope.run(() -> {
            var tokenizer = CharTokenizer.fromText(TEXT);
            var tokens = Tokens.of(tokenizer.encode(TEXT));
            try (var trainer = new GistTrainer(recipe(0, true), made(recipe(0, true)), tokens, 120)) {
                var before = trainer.score(tokens, 8);
                for (int i = 0; i < 120; i++) {
                    trainer.step();
                }
                var after = trainer.score(tokens, 8);
                assertThat(after.loss()).isLessThan(.7 * before.loss());
                assertThat(after.wrong()).isGreaterThan(after.loss() + .1);
                assertThat(after.accuracy()).isGreaterThan(before.accuracy());
            }
        });
    }

    @Test
    void whatIsFrozenStays() {
        scope.run(() -> {
            var tokens = Tokens.of(CharTokenizer.fromText(TEXT).encode(TEXT));
            var recipe = recipe(2, false);
            var made = made(recipe);
            var network = new ArrayList<float[]>();
            made.encoder().network().parameters().values().forEach(p -> network.add(p.toFloats()));
            made.decoder().parameters().values().forEach(p -> network.add(p.toFloats()));
            var gists = made.encoder().gistTokens().toFloats();
            try (var trainer = new GistTrainer(recipe, made, tokens, 3)) {
                trainer.step();
                trainer.step();
            }
            var after = new ArrayList<float[]>();
            made.encoder().network().parameters().values().forEach(p -> after.add(p.toFloats()));
            made.decoder().parameters().values().forEach(p -> after.add(p.toFloats()));
            for (int i = 0; i < network.size(); i++) {
                assertThat(after.get(i)).isEqualTo(network.get(i));
            }
            assertThat(made.encoder().gistTokens().toFloats()).isNotEqualTo(gists);
            assertThat(made.trained(false).keySet()).allMatch(name -> !name.startsWith("decoder."))
                    .anyMatch(name -> name.contains("attention.v"));
        });
    }

    @Test
    void savedAndResumedBitForBit() throws IOException {
        var tokenizer = CharTokenizer.fromText(TEXT);
        var tokens = Tokens.of(tokenizer.encode(TEXT));
        var straight = new ArrayList<Double>();
        for (int rank : new int[] {0, 2}) {
            var recipe = recipe(rank, true);
            straight.clear();
            try (var own = Scope.open("run"); var trainer = new GistTrainer(recipe, own.call(() -> made(recipe)),
                    tokens, 6); var checkpoints = new Checkpoints(folder.resolve("r" + rank), 3)) {
                for (int i = 0; i < 6; i++) {
                    if (i == 3) {
                        checkpoints.save(GistCheckpoint.of(trainer, tokenizer, JsonNodeFactory.instance.objectNode()));
                    }
                    straight.add(trainer.step());
                }
            }
            try (var own = Scope.open("again")) {
                var stored = Checkpoints.open(folder.resolve("r" + rank));
                assertThat(GistCheckpoint.config(stored)).isEqualTo(recipe);
                assertThat(GistCheckpoint.tokenizer(stored).encode("abc")).isEqualTo(tokenizer.encode("abc"));
                var loaded = own.call(() -> {
                    try {
                        return GistCheckpoint.load(stored);
                    } catch (IOException e) {
                        throw new java.io.UncheckedIOException(e);
                    }
                });
                try (var trainer = new GistTrainer(recipe, loaded, tokens, 6)) {
                    GistCheckpoint.restore(trainer, stored);
                    for (int i = 3; i < 6; i++) {
                        assertThat(trainer.step()).isEqualTo(straight.get(i));
                    }
                }
            }
        }
    }

    @Test
    void whatDoesNotFitIsRefused() {
        scope.run(() -> {
            var made = made(recipe(0, true));
            var z = made.latents(texts(), Pass.INFERENCE);
            assertThatThrownBy(() -> made.crossEntropy(z, texts(), texts(), Pass.INFERENCE))
                    .hasMessageContaining("no prefix");
            assertThatThrownBy(() -> made(new GistTrainingConfig(3, 1, 90, 0, true, 4, 1e-3, 0, 1, 2, 7,
                    Precision.F32)))
                    .hasMessageContaining("do not fit");
            assertThatThrownBy(() -> new Decoder(made.writer(z)).generate(List.of(new int[] {1, 2}, new int[] {3}),
                    Decoding.greedy(2), Decoder.Uniforms.of(Rng.of(1)), Decoder.Observer.NONE))
                    .hasMessageContaining("no prompt");
            assertThatThrownBy(() -> new GistTrainingConfig(0, 1, 9, 0, true, 4, 1e-3, 0, 1, 2, 7, Precision.F32))
                    .hasMessageContaining("at least 1");
        });
    }
}
