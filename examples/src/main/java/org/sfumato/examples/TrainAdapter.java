package org.sfumato.examples;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import org.sfumato.autograd.Tape;
import org.sfumato.models.data.TextCorpus;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.pretrained.Peft;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.nn.Pass;
import org.sfumato.nn.lora.Lora;
import org.sfumato.nn.lora.LoraConfig;
import org.sfumato.nn.lora.Targets;
import org.sfumato.nn.optim.AdamW;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tokenizers.Tokenizers;

/// Fits a decoder from the hub to a text by a low-rank adapter, with the loop written out. The network itself stays as
/// it is; the adapter is saved as PEFT saves it.
public final class TrainAdapter {
    /// Sizes of the run: steps, rows and tokens of a batch, rate of AdamW.
    record Size(int steps, int batch, int length, double learningRate) { }

    private TrainAdapter() { }

    /// Arguments: the folder of the model, the text file, the folder of the adapter to be made, the number of steps
    /// (100 if absent).
    public static void main(String[] args) throws IOException {
        if (args.length < 3) {
            System.err.println("usage: TrainAdapter MODEL TEXT ADAPTER [STEPS]");
            System.exit(2);
        }
        var model = Path.of(args[0]);
        var corpus = TextCorpus.of(TextCorpus.read(Path.of(args[1])), Tokenizers.load(model), TextCorpus.TRAIN_SHARE);
        int steps = args.length > 3 ? Integer.parseInt(args[3]) : 100;
        var network = Pretrained.load(model);
        var peft = Peft.of(model, network);
        var lora = peft.init(LoraConfig.of(8, 16, Targets.ALL_LINEAR).withDropout(.05), Rng.of(1));
        run(network, lora, corpus, new Size(steps, 4, Math.min(128, network.config().length()), 1e-3), System.out);
        peft.save(lora, Path.of(args[2]));
    }

    /// Returns the loss on the held-out text, in nats per token, before and after.
    static double[] run(Transformer network, Lora lora, TextCorpus corpus, Size size, PrintStream out) {
        out.printf("%,d of %,d parameters are trained%n", lora.parameterCount(), network.parameterCount());
        double before = heldOut(lora.on(network), corpus.validation(), size);
        var parameters = lora.parameters();                                      // of the adapter alone
        try (var state = Scope.open("optimizer")) {
            var optimizer = state.call(() -> new AdamW(parameters, AdamW.Config.of(size.learningRate)));
            for (int step = 0; step < size.steps; step++) {
                var rng = Rng.of(2).fold(step);                                  // a step is a function of its number
                Scope.temporary(() -> {
                    var ids = Tensor.of(corpus.train().windows(rng.fold(0), size.batch, size.length), size.batch,
                            size.length);                                                                  // (B, T)
                    try (var tape = Tape.record(() -> loss(lora.on(network), ids, Pass.training(rng.fold(1))))) {
                        var gradients = tape.gradients(parameters.values());
                        var byName = new LinkedHashMap<String, Tensor>();
                        parameters.forEach((name, parameter) -> byName.put(name, gradients.of(parameter)));
                        optimizer.step(byName, 1);
                    }
                });
            }
        }
        double after = heldOut(lora.on(network), corpus.validation(), size);
        out.printf("held-out loss: %.3f nats/token, after %d steps %.3f%n", before, size.steps, after);
        return new double[] {before, after};
    }

    /// The cross-entropy of each token but the first, given those before it.
    private static Tensor loss(Transformer network, Tensor ids, Pass pass) {
        long last = ids.size(1) - 1;
        return network.forward(Input.of(ids.slice(1, 0, last)), pass).crossEntropy(ids.slice(1, 1, last + 1)).mean();
    }

    private static double heldOut(Transformer network, Tokens tokens, Size size) {
        int rows = (int) Math.min(8, tokens.size() / size.length);
        try (var scope = Scope.open("held out")) {
            return scope.call(() -> {
                var ids = Tensor.of(tokens.consecutive(0, rows, size.length), rows, size.length);
                return loss(network, ids, Pass.INFERENCE).item();
            });
        }
    }
}
