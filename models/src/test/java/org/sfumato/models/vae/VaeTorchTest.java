package org.sfumato.models.vae;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.sfumato.autograd.Tape;
import org.sfumato.models.latent.Posterior;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.nn.Linear;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.Safetensors;
import org.sfumato.testing.TorchFile;

/// Both autoencoders on a frozen language model compute what their twins in PyTorch do, and so do their gradients
/// (make_vae.py). The LLaMA's adapters are those that PEFT has saved.
class VaeTorchTest {
    private static final double TOLERANCE = 1e-4;
    private static final VaeConfig.Lora LORA = new VaeConfig.Lora(6, 5, 3, 6, 0);
    private static final VaeConfig.Ada ADA = new VaeConfig.Ada(6, 5, 2, 4, 2, VaeConfig.Ada.Temperature.WIDTH);

    private static Path folder(String name) {
        return Path.of(URI.create(VaeTorchTest.class.getResource("/org/sfumato/models/" + name).toString()));
    }

    private interface Work {
        void run() throws IOException;
    }

    private static void inScope(Work work) throws IOException {
        var failure = new IOException[1];
        Scope.temporary(() -> {
            try {
                work.run();
            } catch (IOException e) {
                failure[0] = e;
            }
        });
        if (failure[0] != null) {
            throw failure[0];
        }
    }

    static LoraVae ldlm() throws IOException {
        var base = Pretrained.load(folder("pretrained/llama"));
        var peft = Peft.of(folder("pretrained/llama"), base);
        var own = Safetensors.read(folder("vae/ldlm/vae.safetensors"));
        return new LoraVae(LORA, base, peft.load(folder("vae/ldlm/encoder")), peft.load(folder("vae/ldlm/decoder")),
                linear(own, "f"), linear(own, "w_e"), linear(own, "w_d"));
    }

    private static Linear linear(Map<String, Tensor> tensors, String name) {
        return new Linear(tensors.get(name + ".weight"), tensors.get(name + ".bias"));
    }

    static AdaVae adaVae(TorchFile file) throws IOException {
        var vae = AdaVae.init(ADA, Pretrained.load(folder("pretrained/gpt2")), Rng.of(1));
        Parameters.load(vae.trained(), file.under("parameter."));
        return vae;
    }

    /// The same with another way for the latent into the decoder, whose parameters are in another file.
    private static AdaVae adaVae(TorchFile file, Injection.Kind kind, Map<String, Tensor> own) throws IOException {
        var config = new VaeConfig.Ada(6, 5, 2, 4, 2, VaeConfig.Ada.Temperature.WIDTH, kind);
        var vae = AdaVae.init(config, Pretrained.load(folder("pretrained/gpt2")), Rng.of(1));
        var values = file.under("parameter.");
        values.keySet().removeIf(name -> name.equals("up.weight") || name.startsWith("keyValues."));
        values.putAll(own);
        Parameters.load(vae.trained(), values);
        return vae;
    }

    private static Spans spans(TorchFile file, String ids, String present) {
        return new Spans(file.get(ids), file.get(present));
    }

    private static void near(Tensor actual, TorchFile file, String name) {
        assertThat(TorchFile.error(actual, file.get(name), 1e-2)).as(name).isLessThan(TOLERANCE);
    }

    /// Loss and gradients of the batch in `file`, with the latents that it tells.
    private static void compare(TextVae vae, VaeObjective objective, double beta, TorchFile file) {
        var prefix = spans(file, "prefix", "before");
        var span = spans(file, "span", "present");
        try (var tape = Tape.record(() -> {
            var q = vae.encode(span.slice(0, span.length() - objective.withheld()), Pass.INFERENCE);
            near(vae.vectors() == 1 ? q.mean().squeeze(1) : q.mean(), file, "mean");
            near(q.kl(), file, "kl");
            var z = q.mean().add(q.logVariance() == null ? file.get("eps")
                    : q.logVariance().mul(.5).exp().mul(file.get("eps")));
            near(vae.crossEntropy(z, prefix, span, Pass.INFERENCE), file, "losses");
            return objective.loss(vae, q, z, prefix, span, beta, Pass.INFERENCE);
        })) {
            assertThat(tape.value().item()).isCloseTo(file.get("loss").item(), within(1e-5));
            var trained = vae.trained();
            var gradients = tape.gradients(trained.values());
            int compared = 0;
            for (var e : trained.entrySet()) {
                var name = e.getKey().replace(".updates.", ".").replaceAll("\\.a$", ".lora_A")
                        .replaceAll("\\.b$", ".lora_B").replaceAll("^wE", "w_e").replaceAll("^wD", "w_d");
                near(gradients.of(e.getValue()), file, "gradient." + name);
                compared++;
            }
            assertThat(compared).isEqualTo(file.under("gradient.").size());
        }
    }

    @Test
    void theAutoencoderOfLowRankAdaptersIsItsTwin() throws IOException {
        inScope(() -> {
            var vae = ldlm();
            var file = TorchFile.beside(VaeTorchTest.class, "ldlm/expected.safetensors");
            compare(vae, VaeObjective.ldlm(.01, 5000), .01, file);
            var seen = spans(file, "span", "present").slice(0, 5);
            near(vae.weights(seen), file, "weights");
            assertThat(vae.weights(seen).sum(1).sub(1).abs().max().item()).isLessThan(1e-6);
            assertThat(vae.weights(seen).maskedFill(seen.present(), 0).abs().max().item()).isZero();
            var q = vae.encode(seen, Pass.INFERENCE);
            assertThat(q.kl().sub(q.mean().square().sum(-1, -2).mul(.5)).abs().max().item()).isZero();
        });
    }

    @Test
    void adaVaeIsItsTwin() throws IOException {
        inScope(() -> {
            var file = TorchFile.beside(VaeTorchTest.class, "adavae.safetensors");
            var vae = adaVae(file);
            assertThat(vae.trained().keySet()).containsExactlyInAnyOrderElementsOf(file.under("parameter.").keySet());
            var objective = new VaeObjective(1, 0, new KlWeight.Cyclic(1, 4, .25, .25), new Divergence.FreeBits(.05));
            compare(vae, objective, .7, file);
            var q = vae.encode(spans(file, "span", "present"), Pass.INFERENCE);
            near(q.logVariance().squeeze(1), file, "logVariance");
        });
    }

    @ParameterizedTest
    @EnumSource(value = Injection.Kind.class, mode = EnumSource.Mode.EXCLUDE, names = "ATTENTION")
    void theOtherWaysOfAdaVaeAreTheirTwins(Injection.Kind kind) throws IOException {
        inScope(() -> {
            var file = TorchFile.beside(VaeTorchTest.class, "adavae.safetensors");
            var others = new TorchFile(TorchFile.beside(VaeTorchTest.class, "adavae_injections.safetensors")
                    .under(kind + "/"));
            var vae = adaVae(file, kind, others.under("parameter."));
            var objective = new VaeObjective(1, 0, new KlWeight.Cyclic(1, 4, .25, .25), new Divergence.FreeBits(.05));
            var prefix = spans(file, "prefix", "before");
            var span = spans(file, "span", "present");
            try (var tape = Tape.record(() -> {
                var q = vae.encode(span, Pass.INFERENCE);
                var z = q.mean().add(q.logVariance().mul(.5).exp().mul(file.get("eps")));
                near(vae.crossEntropy(z, prefix, span, Pass.INFERENCE), others, "losses");
                return objective.loss(vae, q, z, prefix, span, .7, Pass.INFERENCE);
            })) {
                assertThat(tape.value().item()).isCloseTo(others.get("loss").item(), within(1e-5));
                var gradients = tape.gradients(vae.trained().values());
                for (var name : others.under("gradient.").keySet()) {
                    near(gradients.of(vae.trained().get(name)), others, "gradient." + name);
                }
            }
        });
    }

    @Test
    void theAutoencoderFromScratchIsItsTwin() throws IOException {
        inScope(() -> {
            var file = TorchFile.beside(VaeTorchTest.class, "scratch.safetensors");
            var vae = ScratchVae.init(new VaeConfig.Scratch(61, 6, 2, 3, 8, 2, 2, .5), Rng.of(1));
            Parameters.load(vae.trained(), file.under("parameter."));
            compare(vae, new VaeObjective(1, 0, new KlWeight.Sine(.3, 1), new Divergence.PerToken()), .3, file);
        });
    }

    @Test
    void theDecoderOfPooledVectorsIsItsTwin() throws IOException {
        inScope(() -> {
            var file = TorchFile.beside(VaeTorchTest.class, "pooled.safetensors");
            var vae = PooledVae.init(new VaeConfig.Pooled(6, 3, 6, 0, 1, .3),
                    Pretrained.load(folder("pretrained/gpt2")), List.of(), Rng.of(1));
            Parameters.load(vae.trained(), file.under("parameter."));
            compare(vae, new VaeObjective(1, 0, new KlWeight.Sine(0, 1), new Divergence.None()), 0, file);
        });
    }

    /// A prefix that was dropped cannot be seen: whatever its ids were, and whatever its length.
    @Test
    void aPrefixThatWasDroppedIsNotSeen() throws IOException {
        inScope(() -> {
            var span = Spans.of(Tensor.integers(Shape.of(2, 6), 60, Rng.of(1)));
            var prefix = Spans.of(Tensor.integers(Shape.of(2, 6), 60, Rng.of(2)));
            var none = prefix.keep(Tensor.of(new boolean[] {false, false}, 2, 1));
            var file = TorchFile.beside(VaeTorchTest.class, "adavae.safetensors");
            for (TextVae vae : new TextVae[] {ldlm(), adaVae(file)}) {
                var z = Tensor.normal(Shape.of(2, 1, 5), Rng.of(3));
                var dropped = vae.crossEntropy(z, none, span, Pass.INFERENCE).toFloats();
                assertThat(dropped).isEqualTo(vae.crossEntropy(z, Spans.none(2, 6), span, Pass.INFERENCE).toFloats());
                var without = vae.crossEntropy(z, Spans.none(2, 0), span, Pass.INFERENCE);
                assertThat(TorchFile.error(without, Tensor.of(dropped, 2, 6), 1)).isLessThan(1e-5);
                var kept = vae.crossEntropy(z, prefix, span, Pass.INFERENCE);
                assertThat(TorchFile.error(kept, Tensor.of(dropped, 2, 6), 1)).isGreaterThan(1e-3);
            }
        });
    }

    /// The unit posterior's divergence is half the squared norm whatever the vector.
    @Test
    void theFreeBitsAreFree() {
        Scope.temporary(() -> {
            var q = Posterior.unit(Tensor.of(new float[] {1, 0, 2, 0}, 2, 1, 2));           // nats .5, 0 and 2, 0
            var tokens = Tensor.of(5f).reshape(Shape.SCALAR);
            assertThat(new Divergence.PerToken().of(q, tokens).item()).isCloseTo(.5, within(1e-6));
            assertThat(new Divergence.FreeBits(.5).of(q, tokens).item()).isCloseTo(1.25, within(1e-6));
            assertThat(new Divergence.FreeBits(1).of(q, tokens).item()).isCloseTo(2, within(1e-6));
            assertThat(new Divergence.FreeBitsEach(1).of(q, tokens).item()).isCloseTo((2 + 3) / 2., within(1e-6));
            assertThat(new Divergence.Masked(.7).of(q, tokens).item()).isCloseTo(1, within(1e-6));
        });
    }

    @Test
    void theWeightOfTheDivergenceRisesAndComesInCycles() {
        var sine = new KlWeight.Sine(.01, 5000);
        assertThat(sine.at(0, 1)).isZero();
        assertThat(sine.at(2500, 1)).isCloseTo(.005, within(1e-12));
        assertThat(sine.at(9000, 1)).isEqualTo(.01);
        var cyclic = new KlWeight.Cyclic(1, 4, .25, .25);
        assertThat(cyclic.at(0, 800)).isZero();
        assertThat(cyclic.at(50, 800)).isZero();
        assertThat(cyclic.at(75, 800)).isCloseTo(.5, within(1e-12));
        assertThat(cyclic.at(100, 800)).isEqualTo(1);
        assertThat(cyclic.at(199, 800)).isEqualTo(1);
        assertThat(cyclic.at(275, 800)).isCloseTo(.5, within(1e-12));
    }
}
