package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.Times;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Tensor;

/// A noise process of one's own: tokens are replaced by others as frequent as they are in the text. The trainer, the
/// estimate of the bound and the ancestral sampler take it as it is.
public final class NewProcess {
    private NewProcess() { }

    /// Arguments: the text file, the number of steps (500 if absent).
    public static void main(String[] args) {
        if (args.length == 0) {
            System.err.println("usage: NewProcess FILE [STEPS]");
            System.exit(2);
        }
        int steps = args.length > 1 ? Integer.parseInt(args[1]) : 500;
        compare(TextCorpus.ofCharacters(TextCorpus.read(Path.of(args[0]))), steps, System.out);
    }

    /// The bounds of both kinds of noise after so many steps, in nats per token.
    static double[] compare(TextCorpus corpus, int steps, PrintStream out) {
        int vocabulary = corpus.tokenizer().vocabularySize();
        var bounds = new double[2];
        var processes = new NoiseProcess[] {UniformProcess.of(vocabulary), UnigramProcess.of(corpus)};
        for (int i = 0; i < processes.length; i++) {
            var config = TrainingConfig.charSmall(vocabulary, 1).withBatch(8).withLength(64);
            config = config.withModel(config.model().withConditioning(64));
            try (var trainer = new Trainer(config, processes[i], corpus.train(), steps)) {
                while (trainer.steps() < steps) {
                    trainer.step();
                }
                var text = new int[(int) Math.min(2048, corpus.validation().size())];
                Arrays.setAll(text, corpus.validation()::at);
                var bound = new Nelbo<>(trainer.network(), processes[i], 64).estimate(text, 4, Rng.of(0));
                out.printf("%-15s %.3f +- %.3f nats/token%n", processes[i].getClass().getSimpleName(), bound.nats(),
                        bound.standardError());
                bounds[i] = bound.nats();
            }
        }
        return bounds;
    }

    /// `q(z_t | x) = Cat(alpha x + (1 - alpha) f)` with the frequencies f of a text and `alpha = 1 - t`. The integrand
    /// of the bound is `h / a (KL(q(. | x) || q(. | p)) + a / b - log(a / b) - 1)` with `a = q(z | x)`, `b = q(z | p)`
    /// and the rate `h = f(z) / alpha` at which noise puts z.
    record UnigramProcess(float[] frequencies) implements NoiseProcess {
        private static final double EPSILON = 1e-3;

        /// Counts, each one more than seen.
        static UnigramProcess of(TextCorpus corpus) {
            var frequencies = new float[corpus.tokenizer().vocabularySize()];
            Arrays.fill(frequencies, 1f / (corpus.train().size() + frequencies.length));
            for (long i = 0; i < corpus.train().size(); i++) {
                frequencies[corpus.train().at(i)] += 1f / (corpus.train().size() + frequencies.length);
            }
            return new UnigramProcess(frequencies);
        }

        @Override
        public int ids() {
            return frequencies.length;
        }

        @Override
        public double alpha(double t) {
            return 1 - t;
        }

        @Override
        public double noise(int token, double t) {
            return t * frequencies[token];
        }

        @Override
        public double time(double u) {
            return EPSILON + (1 - 2 * EPSILON) * u;
        }

        @Override
        public Noisy noise(Tensor ids, Times times, Rng rng) {
            var sums = Tensor.of(frequencies, frequencies.length).cumsum(0, false).to(ids.device());
            var other = Tensor.uniform(ids.shape(), rng.fold(0)).to(ids.device()).unsqueeze(-1).ge(sums)
                    .cast(DType.I64).sum(-1).clamp(0, frequencies.length - 1);
            var alpha = times.map(this::alpha, ids.device());
            var keep = Tensor.uniform(ids.shape(), rng.fold(1)).to(ids.device()).lt(alpha);
            return new Noisy(keep.where(ids, other), alpha);
        }

        @Override
        public Tensor integrand(Denoiser network, Tensor ids, Noisy noisy, Times times, Pass pass) {
            var alpha = times.map(this::alpha, ids.device()).unsqueeze(-1);                              // (B, ., 1)
            var f = Tensor.of(frequencies, frequencies.length).to(ids.device());
            var noise = alpha.neg().add(1).mul(f);                                                       // (B, ., K)
            var predicted = network.forward(noisy, pass).softmax(-1).mul(alpha).add(noise);              // q(. | p)
            var clean = Tensor.arange(frequencies.length, ids.device()).eq(ids.unsqueeze(-1)).cast(DType.F32)
                    .mul(alpha).add(noise);                                                              // q(. | x)
            var divergence = clean.mul(clean.div(predicted).log()).sum(-1);
            var a = clean.gather(-1, noisy.ids().unsqueeze(-1));
            var ratio = a.div(predicted.gather(-1, noisy.ids().unsqueeze(-1))).squeeze(-1);
            var rate = f.indexSelect(0, noisy.ids().reshape(-1)).reshape(ids.shape()).div(alpha.squeeze(-1));
            return divergence.add(ratio).sub(ratio.log()).sub(1).mul(rate).div(a.squeeze(-1));
        }
    }
}
