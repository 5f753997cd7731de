package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import org.sfumato.models.Denoiser;
import org.sfumato.models.Noisy;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.training.Trained;
import org.sfumato.models.training.TrainingCheckpoint;
import org.sfumato.nn.Pass;
import org.sfumato.nn.checkpoint.Checkpoints;
import org.sfumato.nn.checkpoint.Stored;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// A sampler of one's own: it writes a canvas from both ends towards the middle, two tokens a pass.
public final class NewSampler {
    private NewSampler() { }

    /// Arguments: what `sfumato train masked` made.
    public static void main(String[] args) throws IOException {
        if (args.length == 0) {
            System.err.println("usage: NewSampler DIR");
            System.exit(2);
        }
        try (var weights = Scope.open("weights")) {
            var stored = Checkpoints.open(Path.of(args[0]).resolve("checkpoints"));
            write(weights.call(() -> load(stored)), System.out);
        }
    }

    private static Trained load(Stored stored) {
        try {
            return TrainingCheckpoint.load(stored);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static String write(Trained trained, PrintStream out) {
        var sampler = new OutsideIn(trained.network(), (MaskedProcess) trained.objective(), .8);
        var diffusion = trained.diffusion(sampler);
        var text = diffusion.generate("", diffusion.length(), Rng.of(1),
                step -> out.println(diffusion.show(step.ids(), "_").replace('\n', ' ')));
        out.println(text);
        return text;
    }

    /// From the outside in.
    record OutsideIn(Denoiser network, MaskedProcess process, double temperature) implements Sampler {
        @Override
        public int[] fill(Canvas canvas, Rng rng, Observer observer) {
            var ids = canvas.ids().clone();
            int[] open = canvas.places();
            for (int place : open) {
                ids[place] = process.mask();
            }
            int steps = Math.ceilDiv(open.length, 2);
            for (int step = 0; step < steps; step++) {
                var choices = new ArrayList<Choice>();
                int left = open[step];
                int right = open[open.length - 1 - step];
                for (int place : left == right ? new int[] {left} : new int[] {left, right}) {
                    var distribution = predict(ids, place);
                    int token = distribution.draw(temperature, rng.fold(place));
                    choices.add(new Choice(place, token, distribution.probabilities()[token], distribution.entropy()));
                }
                choices.forEach(choice -> ids[choice.place()] = choice.token());
                observer.step(new Step(step + 1, steps, ids, choices));
            }
            return ids;
        }

        private Distribution predict(int[] ids, int place) {
            var row = Arrays.stream(ids).asLongStream().toArray();
            try (var scope = Scope.open("pass")) {
                return Distribution.of(scope.call(() -> Dispatch.unrecorded(() -> process.substitute(network.forward(
                        Noisy.of(Tensor.of(row, 1, row.length)), Pass.INFERENCE).slice(1, place, place + 1))
                        .toDoubles())));
            }
        }
    }
}
