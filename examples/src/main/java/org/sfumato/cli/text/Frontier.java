package org.sfumato.cli.text;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.models.Denoiser;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.autoregressive.CausalSampler;
import org.sfumato.models.diffusion.AncestralSampler;
import org.sfumato.models.diffusion.Diffusion;
import org.sfumato.models.diffusion.LogitRule;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.evaluation.CountedDenoiser;
import org.sfumato.models.evaluation.Judge;
import org.sfumato.models.evaluation.SampleQuality;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Remasking;
import org.sfumato.models.masked.RemaskingSampler;
import org.sfumato.models.masked.Sampling;
import org.sfumato.models.masked.Unmasking;
import org.sfumato.models.training.Trained;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.tensor.Rng;

/// What the samples of a model are like, for one way of making them after the other.
///
/// @param judge of the samples
/// @param samples how many of each way
/// @param length tokens of each
/// @param seed of them
public record Frontier(Judge judge, int samples, int length, long seed) {
    /// How samples are made.
    ///
    /// @param steps passes for a sample, or steps of time
    /// @param order of writing, of masked models
    /// @param remasking of masked models, or `null`
    /// @param rules applied to the logits
    public record Way(int steps, double temperature, Order order, Remasking remasking, List<LogitRule> rules) { }

    /// One point: how the samples were made, what they are like, what they cost.
    public record Point(Way way, SampleQuality quality, double passes, double seconds) {
        public Map<String, Object> fields() {
            var fields = new LinkedHashMap<String, Object>();
            fields.put("temperature", way.temperature);
            fields.put("steps", way.steps);
            fields.putAll(Frontier.fields(quality));
            fields.put("passes", passes);
            fields.put("seconds", seconds);
            return fields;
        }
    }

    public static Map<String, Object> fields(SampleQuality quality) {
        var fields = new LinkedHashMap<String, Object>();
        fields.put("nats", quality.nats());
        fields.put("stderr", quality.standardError());
        fields.put("entropy", quality.entropy());
        fields.put("distinct", quality.distinct());
        fields.put("repetition", quality.repetition());
        fields.put("words", quality.words());
        fields.put("copied", quality.copied());
        return fields;
    }

    public static LossCurve picture(String title) {
        return new LossCurve(title, "entropy of a sample (nats)", "nats per token under the judge",
                Scale.LINEAR, Scale.LINEAR);
    }

    /// Makes samples in one way and has them judged.
    public Point point(Trained trained, Way way) {
        var counted = new CountedDenoiser(trained.network());
        var diffusion = diffusion(trained, counted, way);
        var passes = new int[1];
        var texts = new ArrayList<int[]>();
        long start = System.nanoTime();
        for (int n = 0; n < samples; n++) {
            texts.add(trained.tokenizer().encode(diffusion.generate("", length, Rng.of(seed).fold(n),
                    _ -> passes[0]++)));
        }
        double seconds = (System.nanoTime() - start) / 1e9 / samples;
        double evaluations = counted.passes() > 0 ? counted.passes() : passes[0];  // others take one pass a step
        return new Point(way, judge.quality(texts), evaluations / samples, seconds);
    }

    /// What writes in this way.
    public Diffusion diffusion(Trained trained, Way way) {
        return diffusion(trained, trained.network(), way);
    }

    private Diffusion diffusion(Trained trained, Denoiser network, Way way) {
        return switch (trained.objective()) {
            case MaskedProcess process when way.remasking != null -> trained.diffusion(new RemaskingSampler(
                    network, process, way.remasking, perCanvas(trained, way.steps), way.temperature, 0,
                    way.rules));
            case MaskedProcess process -> trained.diffusion(new MaskedSampler(network, process, sampling(way)));
            case Autoregression objective -> trained.diffusion(
                    new CausalSampler(trained.network(), objective, way.temperature, way.rules));
            case NoiseProcess process -> ancestral(trained, network, process, way);
            case Duo duo -> ancestral(trained, network, duo.process(), way);
            default -> trained.diffusion(sampling(way));
        };
    }

    private Diffusion ancestral(Trained trained, Denoiser network, NoiseProcess process, Way way) {
        return trained.diffusion(new AncestralSampler(network, process, perCanvas(trained, way.steps),
                way.temperature, 0, false, way.rules));
    }

    /// Of so many steps for a sample those of one canvas.
    private int perCanvas(Trained trained, int count) {
        int most = Math.min(length, trained.config().model().length());
        return Math.max(1, Math.round((float) count * most / length));
    }

    private Sampling sampling(Way way) {
        return Sampling.of(new Unmasking.Quota(way.order, Math.max(1, (double) length / way.steps)), way.temperature)
                .withRules(way.rules.toArray(LogitRule[]::new));
    }
}
