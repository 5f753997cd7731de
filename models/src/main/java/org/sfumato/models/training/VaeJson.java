package org.sfumato.models.training;

import java.util.Map;
import org.sfumato.models.vae.Divergence;
import org.sfumato.models.vae.KlWeight;
import org.sfumato.models.vae.VaeConfig;
import org.sfumato.models.vae.VaeObjective;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tensor.Precision;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Recipes of autoencoders as JSON: the name of each part and its settings.
final class VaeJson {
    private static final Map<String, Class<? extends Record>> MODELS = Map.of("lora", VaeConfig.Lora.class,
            "adavae", VaeConfig.Ada.class, "scratch", VaeConfig.Scratch.class,
            "pooled", VaeConfig.Pooled.class);
    private static final Map<String, Class<? extends Record>> WEIGHTS = Map.of("sine", KlWeight.Sine.class,
            "cyclic", KlWeight.Cyclic.class);
    private static final Map<String, Class<? extends Record>> DIVERGENCES = Map.of(
            "none", Divergence.None.class, "per-token", Divergence.PerToken.class,
            "free-bits", Divergence.FreeBits.class, "free-bits-each", Divergence.FreeBitsEach.class,
            "masked", Divergence.Masked.class);

    /// What is no part with a name.
    private record Plain(double prefixShare, int withheld, int batch, double learningRate, double beta1, double beta2,
            double weightDecay, double clip, double warmup, VaeTrainingConfig.Course course, double decoderFrom,
            long seed, Precision precision) { }

    private VaeJson() { }

    static ObjectNode write(VaeTrainingConfig c) {
        var node = JsonNodeFactory.instance.objectNode();
        node.set("model", named(MODELS, c.model()));
        node.set("weight", named(WEIGHTS, c.objective().weight()));
        node.set("divergence", named(DIVERGENCES, c.objective().divergence()));
        node.set("recipe", RecordJson.write(new Plain(c.objective().prefixShare(), c.objective().withheld(), c.batch(),
                c.learningRate(), c.beta1(), c.beta2(), c.weightDecay(), c.clip(), c.warmup(), c.course(),
                c.decoderFrom(), c.seed(), c.precision())));
        return node;
    }

    /// @throws IllegalArgumentException if a part is unknown or its settings are wrong
    static VaeTrainingConfig read(JsonNode json) {
        var p = RecordJson.read(Plain.class, TrainingCheckpoint.recipe(json.path("recipe")));
        var objective = new VaeObjective(p.prefixShare, p.withheld, (KlWeight) one(WEIGHTS, json.path("weight")),
                (Divergence) one(DIVERGENCES, json.path("divergence")));
        return new VaeTrainingConfig((VaeConfig) one(MODELS, json.path("model")), objective, p.batch, p.learningRate,
                p.beta1, p.beta2, p.weightDecay, p.clip, p.warmup, p.course, p.decoderFrom, p.seed,
                p.precision);
    }

    private static ObjectNode named(Map<String, Class<? extends Record>> known, Object value) {
        for (var e : known.entrySet()) {
            if (e.getValue().isInstance(value)) {
                var node = JsonNodeFactory.instance.objectNode();
                node.set(e.getKey(), RecordJson.write((Record) value));
                return node;
            }
        }
        throw new IllegalStateException("checkpoint: no name for " + value);
    }

    private static Record one(Map<String, Class<? extends Record>> known, JsonNode json) {
        var name = json.propertyNames().stream().findFirst().orElse("");
        var type = known.get(name);
        if (type == null) {
            throw new IllegalArgumentException("checkpoint: of an autoencoder, \"" + name + "\" is unknown");
        }
        return RecordJson.read(type, json.get(name));
    }
}
