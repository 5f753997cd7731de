package org.sfumato.devices;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sfumato.autograd.Tape;
import org.sfumato.models.data.Tokens;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.training.Trainer;
import org.sfumato.models.training.TrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// A small masked predictor on the device of the settings: gradients, twenty steps of training, a text. What a user
/// would write, with no word of a device in it.
final class TinyRun {
    private static final int VOCABULARY = 23;
    private static final int LENGTH = 16;
    private static final int ROWS = 4;
    private static final int STEPS = 20;
    private static final MaskedProcess PROCESS = MaskedProcess.of(VOCABULARY - 1);

    private TinyRun() { }

    /// Prints [#results], one line for each: `=`, the name and the numbers.
    public static void main(String[] args) {
        results().forEach((name, values) -> System.out.println("= " + name + " " + Arrays.stream(values)
                .mapToObj(Double::toString).collect(Collectors.joining(" "))));
    }

    /// What [#main] has printed.
    static Map<String, double[]> read(String output) {
        var results = new LinkedHashMap<String, double[]>();
        output.lines().map(line -> line.split(" ")).filter(words -> words[0].equals("=")).forEach(words ->
                results.put(words[1], Arrays.stream(words).skip(2).mapToDouble(Double::parseDouble).toArray()));
        return results;
    }

    static Map<String, double[]> results() {
        var results = new LinkedHashMap<String, double[]>();
        gradients(TransformerConfig.classic(VOCABULARY, LENGTH, 32, 2, 4), "classic", results);
        gradients(TransformerConfig.modern(VOCABULARY, LENGTH, 32, 2, 2), "modern", results);
        training(results);
        for (var precision : Precision.values()) {
            mixed(precision, results);
        }
        return results;
    }

    private static void gradients(TransformerConfig config, String name, Map<String, double[]> results) {
        Scope.temporary(() -> {
            var network = Transformer.init(config, Rng.of(1));
            var rng = Rng.of(2);
            var ids = Tensor.integers(Shape.of(ROWS, LENGTH), VOCABULARY - 1, rng.fold(0));
            var parameters = network.parameters();
            try (var tape = Tape.record(() -> PROCESS.loss(network, ids, rng.fold(1), Pass.INFERENCE))) {
                results.put("loss:" + name, new double[] {tape.value().item()});
                var found = tape.gradients(parameters.values());
                parameters.forEach((key, p) -> results.put("gradient:" + name + ":" + key, found.of(p).toDoubles()));
            }
        });
    }

    private static TrainingConfig recipe(TransformerConfig model, int rows, Precision precision) {
        return new TrainingConfig(model, rows, LENGTH, 3e-3, 0, .9, .99, .1, false, 1, 4, .5, .9, .2, 5, precision);
    }

    private static Tokens text() {
        return Tokens.of(IntStream.range(0, 500).map(i -> (i * i / 7 + i) % (VOCABULARY - 1)).toArray());
    }

    private static void training(Map<String, double[]> results) {
        var config = recipe(TransformerConfig.modern(VOCABULARY, LENGTH, 32, 2, 2), ROWS, Precision.F32);
        try (var trainer = new Trainer(config, PROCESS, text(), STEPS)) {
            results.put("losses", IntStream.range(0, STEPS).mapToDouble(s -> trainer.step()).toArray());
            trainer.parameters().forEach((key, p) -> results.put("trained:" + key, p.toDoubles()));
            var sampler = new MaskedSampler(trainer.network(), PROCESS, Sampling.oneByOne(Order.CONFIDENCE, .8));
            var written = sampler.fill(Canvas.after(new int[] {3, 1, 4}, 9), Rng.of(7), Sampler.Observer.NONE);
            results.put("text", Arrays.stream(written).asDoubleStream().toArray());
        }
    }

    private static void mixed(Precision precision, Map<String, double[]> results) {
        var config = recipe(TransformerConfig.modern(VOCABULARY, LENGTH, 16, 1, 1), 2, precision);
        try (var trainer = new Trainer(config, PROCESS, text(), STEPS)) {
            results.put("losses:" + precision, IntStream.range(0, STEPS).mapToDouble(s -> trainer.step()).toArray());
            if (precision == Precision.FP16) {
                results.put("scale", trainer.optimizerState().get("loss.scale").toDoubles());
            }
        }
    }
}
