package org.sfumato.examples;

import java.io.PrintStream;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import org.sfumato.autograd.Tape;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.Nelbo;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.nn.optim.ClipNorm;
import org.sfumato.nn.optim.Schedule;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Trains a masked diffusion model on the characters of a text file, with the loop written out, then writes and scores.
/// `sfumato train` does the same with checkpoints and logs.
public final class TrainMaskedPredictor {
    /// Sizes of the run: steps, rows and tokens of a batch, width and blocks of the network, rate of AdamW.
    record Size(int steps, int batch, int length, int width, int layers, double learningRate) { }

    /// What came out: the loss of the first and of the last step in nats per token, and a text.
    record Outcome(double first, double last, String text) { }

    private TrainMaskedPredictor() { }

    /// Arguments: the text file, the number of steps (1000 if absent).
    public static void main(String[] args) {
        if (args.length == 0) {
            System.err.println("usage: TrainMaskedPredictor FILE [STEPS]");
            System.exit(2);
        }
        int steps = args.length > 1 ? Integer.parseInt(args[1]) : 1000;
        run(TextCorpus.read(Path.of(args[0])), new Size(steps, 12, 64, 128, 4, 3e-3), System.out);
    }

    static Outcome run(String text, Size size, PrintStream out) {
        var corpus = TextCorpus.ofCharacters(text);
        int vocabulary = corpus.tokenizer().vocabularySize();
        var process = MaskedProcess.of(vocabulary);       // [MASK] is the id after the last one
        var config = TransformerConfig.modern(vocabulary + 1, size.length, size.width, size.layers, 4);
        try (var weights = Scope.open("weights")) {
            return weights.call(() -> {
                var network = Transformer.init(config, Rng.of(1));
                out.printf("%,d parameters, %,d tokens to train on%n", network.parameterCount(), corpus.train().size());
                var losses = train(network, process, corpus, size, out);
                var sampler = new MaskedSampler(network, process,
                        Sampling.oneByOne(Order.CONFIDENCE, .8).withBlock(32));
                var written = write(new Diffusion(sampler, corpus.tokenizer(), size.length), out);
                score(new Nelbo<>(network, process.fixedCount(), size.length), corpus, out);
                return new Outcome(losses[0], losses[1], written);
            });
        }
    }

    private static double[] train(Transformer network, MaskedProcess process, TextCorpus corpus, Size size,
            PrintStream out) {
        var parameters = network.parameters();
        var optimizer = new AdamW(parameters, AdamW.Config.of(size.learningRate));
        var schedule = new Schedule.Wsd(Math.min(50, size.steps / 10), size.steps, .6, 0);
        double first = 0;
        double last = 0;
        for (int step = 0; step < size.steps; step++) {
            int at = step;
            var rng = Rng.of(2).fold(at);                                       // a step is a function of its number
            try (var batch = Scope.open("batch")) {
                last = batch.call(() -> {
                    var ids = Tensor.of(corpus.train().windows(rng.fold(0), size.batch, size.length),
                            size.batch, size.length);                                                      // (B, T)
                    try (var tape = Tape.record(() ->
                            process.loss(network, ids, rng.fold(1), Pass.training(rng.fold(2))))) {
                        var gradients = tape.gradients(parameters.values());
                        var byName = new LinkedHashMap<String, Tensor>();
                        parameters.forEach((name, parameter) -> byName.put(name, gradients.of(parameter)));
                        optimizer.step(byName, schedule.at(at), ClipNorm.of(byName, 1).scale());
                        return tape.value().item();
                    }
                });
            }
            first = step == 0 ? last : first;
            if (step % 100 == 0 || step == size.steps - 1) {
                out.printf("step %5d  loss %.3f%n", step, last);
            }
        }
        return new double[] {first, last};
    }

    private static String write(Diffusion diffusion, PrintStream out) {
        var text = diffusion.generate("", Math.min(256, 4 * diffusion.length()), Rng.of(3), Sampler.Observer.NONE);
        out.println(text);
        return text;
    }

    private static void score(Nelbo<Transformer> nelbo, TextCorpus corpus, PrintStream out) {
        int held = (int) Math.min(4096, corpus.validation().size());
        var ids = Arrays.stream(corpus.validation().window(0, held)).mapToInt(Math::toIntExact).toArray();
        var bound = nelbo.estimate(ids, 4, Rng.of(4));
        out.printf("held-out bound: %.3f +- %.3f nats/token%n", bound.nats(), bound.standardError());
    }
}
