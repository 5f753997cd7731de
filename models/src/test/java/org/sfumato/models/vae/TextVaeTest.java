package org.sfumato.models.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.autoregressive.Decoder;
import org.sfumato.models.autoregressive.Decoder.Observer;
import org.sfumato.models.autoregressive.Decoder.Uniforms;
import org.sfumato.models.autoregressive.Decoding;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.latent.AutoencoderScores;
import org.sfumato.models.latent.AutoencoderScores.Latent;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.training.VaeCheckpoint;
import org.sfumato.models.training.VaeCheckpoint.Base;
import org.sfumato.models.training.VaeTrainer;
import org.sfumato.models.training.VaeTrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Pass;
import org.sfumato.nn.QuantisedLinear;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.lora.Place;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.testing.TorchFile;
import org.sfumato.tokenizers.ByteTokenizer;
import tools.jackson.databind.node.JsonNodeFactory;

class TextVaeTest {
    private static final int VOCABULARY = 12;
    private static final int LENGTH = 6;

    @TempDir
    Path temp;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Base base(String positions) {
        var config = positions.equals("learned") ? TransformerConfig.classic(VOCABULARY, 32, 32, 2, 2)
                : TransformerConfig.modern(VOCABULARY, 32, 32, 2, 2);
        var network = Transformer.init(config.withPattern(TransformerConfig.Pattern.CAUSAL).withStart(Start.TORCH),
                Rng.of(3));
        return new Base(network, Place.of(network).stream().filter(place -> !place.path().equals("head")).toList());
    }

    private static VaeConfig config(String kind) {
        if (kind.startsWith("ada-")) {
            return new VaeConfig.Ada(LENGTH, 8, 2, 8, 0, VaeConfig.Ada.Temperature.WIDTH,
                    Injection.Kind.valueOf(kind.substring(4).toUpperCase(Locale.ROOT)));
        }
        return switch (kind) {
            case "pooled" -> new VaeConfig.Pooled(LENGTH, 2, 32, 4, 8, .1);
            case "lora" -> new VaeConfig.Lora(LENGTH, 8, 4, 8, 0);
            case "ada" -> new VaeConfig.Ada(LENGTH, 8, 2, 8, 0, VaeConfig.Ada.Temperature.WIDTH);
            default -> new VaeConfig.Scratch(VOCABULARY, LENGTH, 2, 4, 32, 2, 2, .2);
        };
    }

    private TextVae vae(String kind, String positions) {
        return scope.call(() -> {
            var vae = VaeCheckpoint.init(config(kind), Optional.of(base(positions)), Rng.of(4));
            var rng = Rng.of(5);                                        // away from updates of zero
            int index = 0;
            for (var p : vae.trained().values()) {
                var own = rng.fold(index++);
                Scope.temporary(() -> p.assign(p.add(Tensor.normal(p.shape(), own).mul(.05))));
            }
            return vae;
        });
    }

    /// What the writer writes token by token from its cache is what the whole sequence says at once: each token is the
    /// likeliest there, so no other has a smaller loss.
    @ParameterizedTest
    @ValueSource(strings = {"lora learned", "lora rotary", "ada learned", "ada rotary", "scratch rotary",
        "pooled rotary", "ada-input learned", "ada-memory learned", "ada-logits rotary", "ada-adapters rotary"})
    void writingIsReadingTokenByToken(String which) {
        var vae = vae(which.split(" ")[0], which.split(" ")[1]);
        scope.run(() -> {
            var z = Tensor.normal(Shape.of(3, vae.vectors(), vae.width()), Rng.of(6));
            var prompts = List.of(new int[0], new int[] {3, 4, 5, 6, 7, 8}, new int[] {9, 2});
            var written = new Decoder(vae.writer(z)).generate(prompts, Decoding.greedy(LENGTH), Uniforms.of(Rng.of(1)),
                    Observer.NONE);
            var prefix = Spans.endingIn(prompts, LENGTH);
            var own = vae.crossEntropy(z, prefix, Spans.padded(written, LENGTH), Pass.INFERENCE);
            for (int at = 0; at < LENGTH; at++) {
                for (int token = at % 4; token < VOCABULARY; token += 4) {
                    var changed = written.stream().map(int[]::clone).toList();
                    for (var text : changed) {
                        text[at] = token;
                    }
                    var other = vae.crossEntropy(z, prefix, Spans.padded(changed, LENGTH), Pass.INFERENCE);
                    assertThat(own.sub(other).slice(1, at, at + 1).max().item()).isLessThan(1e-5);
                }
            }
        });
    }

    /// Along a direction, the loss changes as the gradient says.
    @ParameterizedTest
    @ValueSource(strings = {"lora", "ada", "scratch"})
    void theGradientIsTheSlopeOfTheLoss(String kind) {
        var vae = vae(kind, "rotary");
        scope.run(() -> {
            var objective = new VaeObjective(1, 0, new KlWeight.Sine(.5, 1), new Divergence.PerToken());
            var prefix = Spans.of(Tensor.integers(Shape.of(4, LENGTH), VOCABULARY, Rng.of(1)));
            var span = Spans.of(Tensor.integers(Shape.of(4, LENGTH), VOCABULARY, Rng.of(2)));
            var trained = vae.trained();
            double slope = 0;
            try (var tape = Tape.record(() -> loss(vae, objective, prefix, span))) {
                var gradients = tape.gradients(trained.values());
                int index = 0;
                for (var p : trained.values()) {
                    slope += gradients.of(p).mul(direction(p, index++)).sum().item();
                }
            }
            double step = 2e-3;
            move(trained, step);
            double above = loss(vae, objective, prefix, span).item();
            move(trained, -2 * step);
            double below = loss(vae, objective, prefix, span).item();
            assertThat((above - below) / (2 * step)).isCloseTo(slope, within(5e-3 * (1 + Math.abs(slope))));
        });
    }

    private static Tensor loss(TextVae vae, VaeObjective objective, Spans prefix, Spans span) {
        return objective.loss(vae, prefix, span, 5, 10, Rng.of(7), Pass.INFERENCE);
    }

    private static Tensor direction(Tensor p, int index) {
        return Tensor.normal(p.shape(), Rng.of(8).fold(index)).mul(.2);
    }

    private static void move(Map<String, Tensor> trained, double by) {
        int index = 0;
        for (var p : trained.values()) {
            p.assign(p.add(direction(p, index++).mul(by)));
        }
    }

    private static Tokens tokens() {
        var ids = new int[3000];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = i % LENGTH == 0 ? (int) Rng.of(9).below(i, VOCABULARY) : (ids[i - 1] * 5 + 1) % VOCABULARY;
        }
        return Tokens.of(ids);
    }

    private static VaeTrainingConfig recipe(VaeConfig config) {
        var objective = new VaeObjective(.5, 0, new KlWeight.Sine(.02, 50), new Divergence.PerToken());
        return new VaeTrainingConfig(config, objective, 16, 1e-2, .9, .99, 0, 1, .1, VaeTrainingConfig.Course.COSINE, 0,
                1, Precision.F32);
    }

    /// Texts of which the first token tells all others: the latent must carry it.
    @ParameterizedTest
    @ValueSource(strings = {"lora", "ada", "scratch", "pooled"})
    void theLatentLearnsToCarryWhatTheTextNeeds(String kind) {
        long before = Memory.current(Device.CPU).live();
        try (var own = Scope.open("learning")) {
            own.run(() -> {
                var vae = VaeCheckpoint.init(config(kind), Optional.of(base("rotary")), Rng.of(4));
                try (var trainer = new VaeTrainer(recipe(config(kind)), vae, tokens(), 100)) {
                    double first = trainer.step();
                    double last = first;
                    while (trainer.steps() < 100) {
                        last = trainer.step();
                    }
                    assertThat(last).isLessThan(.9 * first);
                }
                var spans = IntStream.range(0, 60).mapToObj(i -> tokens().part((long) i * LENGTH,
                        (i + 1L) * LENGTH).toArray()).toList();
                var scores = new AutoencoderScores(vae, spans, 32);
                double right = scores.nll(Latent.MEAN, Rng.of(1)).nats();
                assertThat(right).isLessThan(scores.nll(Latent.PRIOR, Rng.of(1)).nats() - .1)
                        .isLessThan(scores.nll(Latent.WRONG, Rng.of(1)).nats() - .1);
                assertThat(scores.accuracy(LENGTH).tokens()).isGreaterThan(2. / VOCABULARY);
            });
        }
        assertThat(Memory.current(Device.CPU).live()).isEqualTo(before);
    }

    @ParameterizedTest
    @ValueSource(strings = {"lora", "ada", "scratch", "pooled", "ada-memory"})
    void aTrainingGoesOnBitForBit(String kind) throws IOException {
        var config = recipe(config(kind));
        var straight = vae(kind, "rotary");
        var stopped = vae(kind, "rotary");
        var again = vae(kind, "rotary");
        try (var a = new VaeTrainer(config, straight, tokens(), 6);
                var b = new VaeTrainer(config, stopped, tokens(), 6);
                var c = new VaeTrainer(config, again, tokens(), 6)) {
            for (int i = 0; i < 6; i++) {
                a.step();
            }
            for (int i = 0; i < 3; i++) {
                b.step();
            }
            try (var checkpoints = new Checkpoints(temp.resolve(kind), 2)) {
                checkpoints.save(VaeCheckpoint.of(b, new ByteTokenizer(), Optional.of(JsonNodeFactory.instance
                        .objectNode().put("path", "somewhere")), JsonNodeFactory.instance.objectNode()));
            }
            var stored = Checkpoints.open(temp.resolve(kind));
            assertThat(VaeCheckpoint.config(stored)).isEqualTo(config);
            assertThat(VaeCheckpoint.base(stored).orElseThrow().path("path").asString("")).isEqualTo("somewhere");
            VaeCheckpoint.restore(c, stored);
            for (int i = 0; i < 3; i++) {
                c.step();
            }
            straight.trained().forEach((name, p) ->
                    assertThat(again.trained().get(name).toFloats()).as(name).isEqualTo(p.toFloats()));
            var loaded = scope.call(() -> {
                try {
                    return VaeCheckpoint.load(stored, Optional.of(base("rotary")));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
            loaded.trained().forEach((name, p) ->
                    assertThat(p.toFloats()).as(name).isEqualTo(stopped.trained().get(name).toFloats()));
        }
    }

    /// The files of LDLM: what is written is what was read, byte for byte, and reads as the same autoencoder.
    @Test
    void theFolderOfLdlmIsReadAndWritten() throws IOException {
        var failure = new IOException[1];
        scope.run(() -> {
            try {
                var vae = VaeTorchTest.ldlm();
                var llama = Path.of(URI.create(TextVaeTest.class.getResource("/org/sfumato/models/pretrained/"
                        + "llama").toString()));
                var peft = Peft.of(llama, vae.base());
                LdlmFolder.save(vae, peft, temp.resolve("ldlm"), 1234, .01);
                var again = LdlmFolder.load(temp.resolve("ldlm"), vae.base(), peft, LENGTH);
                assertThat(again.config()).isEqualTo(vae.config());
                again.trained().forEach((name, p) ->
                        assertThat(p.toFloats()).as(name).isEqualTo(vae.trained().get(name).toFloats()));
                assertThat(LdlmFolder.step(temp.resolve("ldlm"))).isEqualTo(1234);
                assertThat(Files.readString(temp.resolve("ldlm/state.json"))).contains("\"last_kl_weight\":0.01");
            } catch (IOException e) {
                failure[0] = e;
            }
        });
        assertThat(failure[0]).isNull();
    }

    /// A base of few bits stays frozen and close to the dense one; gradients reach the adapters through it.
    @ParameterizedTest
    @ValueSource(strings = {"Q8", "NF4"})
    void theBaseMayBeOfFewBits(String format) {
        scope.run(() -> {
            var dense = base("rotary");
            var few = new Base(QuantisedLinear.replace(dense.network(), WeightFormat.valueOf(format), (_, _) -> true),
                    dense.places());
            var exact = VaeCheckpoint.init(config("lora"), Optional.of(dense), Rng.of(4));
            var vae = VaeCheckpoint.init(config("lora"), Optional.of(few), Rng.of(4));
            var spans = Spans.of(Tensor.integers(Shape.of(4, LENGTH), VOCABULARY, Rng.of(1)));
            double error = TorchFile.error(vae.encode(spans, Pass.INFERENCE).mean(),
                    exact.encode(spans, Pass.INFERENCE).mean(), 1e-3);
            assertThat(error).isLessThan(format.equals("Q8") ? .03 : .4).isPositive();
            try (var trainer = new VaeTrainer(recipe(config("lora")), vae, tokens(), 40)) {
                double first = trainer.step();
                double last = first;
                while (trainer.steps() < 40) {
                    last = trainer.step();
                }
                assertThat(last).isLessThan(first);
            }
        });
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeAnyWork() {
        scope.run(() -> {
            assertThatThrownBy(() -> VaeCheckpoint.init(config("lora"), Optional.empty(), Rng.of(1)))
                    .hasMessageContaining("stands on a language model");
            var base = base("rotary");
            assertThatThrownBy(() -> VaeCheckpoint.init(new VaeConfig.Lora(17, 8, 2, 4, 0), Optional.of(base),
                    Rng.of(1))).hasMessageContaining("it has 32 places").hasMessageContaining("--context");
            var both = new Base(base.network().seeing(TransformerConfig.Pattern.ALL), base.places());
            assertThatThrownBy(() -> VaeCheckpoint.init(config("lora"), Optional.of(both), Rng.of(1)))
                    .hasMessageContaining("sees both ways");
            assertThatThrownBy(() -> VaeCheckpoint.init(new VaeConfig.Ada(6, 8, 3, 8, 0,
                    VaeConfig.Ada.Temperature.WIDTH), Optional.of(base), Rng.of(1)))
                    .hasMessageContaining("have 3 layers");
            var vae = vae("scratch", "rotary");
            assertThatThrownBy(() -> vae.encode(Spans.none(1, LENGTH + 1), Pass.INFERENCE))
                    .hasMessageContaining("7 tokens, at most 6");
            assertThatThrownBy(() -> new VaeTrainer(recipe(vae.config()), vae, Tokens.of(1, 2, 3), 5))
                    .hasMessageContaining("3 tokens make no row of 12");
        });
    }
}
