package org.sfumato.models.training;

import java.util.Map;
import org.sfumato.models.gaussian.ContinuousSchedule;
import org.sfumato.models.gaussian.ControlNet;
import org.sfumato.models.gaussian.DenoisingObjective;
import org.sfumato.models.gaussian.DiscreteSchedule;
import org.sfumato.models.gaussian.GaussianProcess;
import org.sfumato.models.gaussian.GaussianSchedule;
import org.sfumato.models.gaussian.LatentNetworkConfig;
import org.sfumato.models.gaussian.Parameterisation;
import org.sfumato.models.gaussian.SelfConditioned;
import org.sfumato.models.gaussian.SigmaSchedule;
import org.sfumato.models.gaussian.Steerable;
import org.sfumato.models.gaussian.Weighting;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.gist.MlpUnetConfig;
import org.sfumato.models.gist.UNet2dConfig;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.nn.checkpoint.RecordJson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Diffusions of latents as JSON: the name of each part and its settings, `{"edm": {"deviation": 1.0}}`.
final class GaussianJson {
    private static final Map<String, Class<? extends Record>> NETWORKS = Map.of(
            "reverse", ReverseTransformerConfig.class,
            "ldlm", LdlmConfig.class,
            "ldlm-context", ContextLdlmConfig.class,
            "mlp-unet", MlpUnetConfig.class,
            "unet2d", UNet2dConfig.class,
            "transformer", LatentTransformerConfig.class);
    private static final Map<String, Class<? extends Record>> SCHEDULES = Map.of(
            "discrete", DiscreteSchedule.class,
            "cosine", ContinuousSchedule.Cosine.class,
            "sigmoid", ContinuousSchedule.Sigmoid.class,
            "laplace", ContinuousSchedule.Laplace.class,
            "v-diffusion", SigmaSchedule.VDiffusion.class,
            "karras", SigmaSchedule.Karras.class,
            "log-normal", SigmaSchedule.LogNormal.class);
    private static final Map<String, Class<? extends Record>> PARAMETERISATIONS = Map.of(
            "epsilon", Parameterisation.Epsilon.class,
            "x0", Parameterisation.X0.class,
            "v", Parameterisation.V.class,
            "edm", Parameterisation.Edm.class,
            "scaled-x0", Parameterisation.ScaledX0.class);
    private static final Map<String, Class<? extends Record>> WEIGHTINGS = Map.of(
            "simple", Weighting.Simple.class,
            "epsilon-error", Weighting.EpsilonError.class,
            "x0-error", Weighting.X0Error.class,
            "min-snr", Weighting.MinSnr.class,
            "soft-min-snr", Weighting.SoftMinSnr.class,
            "edm", Weighting.Edm.class);
    private static final String SELF = "self-conditioned";
    private static final String CONTROL = "control-net";
    private static final String NETWORK = "network";
    private static final String CONDITION = "condition";
    private static final String SCHEDULE = "schedule";
    private static final String SHIFTED = "shifted";
    private static final String SCALE = "scale";
    private static final String LEVELS = "levels";
    private static final String UNCONDITIONAL = "unconditional";
    private static final String SELF_CONDITIONED = "selfConditioned";

    private GaussianJson() { }

    static ObjectNode write(LatentNetworkConfig network) {
        if (network instanceof SelfConditioned.Config(LatentNetworkConfig inner)) {
            var node = JsonNodeFactory.instance.objectNode();
            node.set(SELF, named(NETWORKS, inner));
            return node;
        }
        if (network instanceof ControlNet.Config(Steerable.Config inner, int condition)) {
            var node = JsonNodeFactory.instance.objectNode();
            var settings = node.putObject(CONTROL);
            settings.put(CONDITION, condition);
            settings.set(NETWORK, named(NETWORKS, inner));
            return node;
        }
        return named(NETWORKS, network);
    }

    static LatentNetworkConfig network(JsonNode json) {
        if (json.has(CONTROL)) {
            var settings = json.get(CONTROL);
            if (!(read(NETWORKS, NETWORK, settings.path(NETWORK)) instanceof Steerable.Config inner)) {
                throw new IllegalArgumentException("checkpoint: a network that has no blocks to be steered");
            }
            return new ControlNet.Config(inner, settings.path(CONDITION).asInt(0));
        }
        boolean self = json.has(SELF);
        var network = (LatentNetworkConfig) read(NETWORKS, NETWORK, self ? json.get(SELF) : json);
        return self ? new SelfConditioned.Config(network) : network;
    }

    static ObjectNode write(DenoisingObjective objective) {
        var node = JsonNodeFactory.instance.objectNode();
        node.set(SCHEDULE, schedule(objective.process().schedule()));
        node.set("parameterisation", named(PARAMETERISATIONS, objective.process().parameterisation()));
        node.set("weighting", named(WEIGHTINGS, objective.weighting()));
        node.put(LEVELS, objective.levels().name());
        node.put(UNCONDITIONAL, objective.unconditional());
        node.put(SELF_CONDITIONED, objective.selfConditioned());
        return node;
    }

    static DenoisingObjective objective(JsonNode json) {
        return new DenoisingObjective(new GaussianProcess(
                schedule(json.path(SCHEDULE)),
                (Parameterisation) read(PARAMETERISATIONS, "parameterisation", json.path("parameterisation"))),
                (Weighting) read(WEIGHTINGS, "weighting", json.path("weighting")),
                DenoisingObjective.Draw.valueOf(json.path(LEVELS).asString("")),
                json.path(UNCONDITIONAL).asDouble(-1), json.path(SELF_CONDITIONED).asDouble(-1));
    }

    private static ObjectNode schedule(GaussianSchedule schedule) {
        if (schedule instanceof ContinuousSchedule.Shifted(ContinuousSchedule inner, double scale)) {
            var node = JsonNodeFactory.instance.objectNode();
            var settings = node.putObject(SHIFTED);
            settings.put(SCALE, scale);
            settings.set(SCHEDULE, schedule(inner));
            return node;
        }
        return named(SCHEDULES, schedule);
    }

    private static GaussianSchedule schedule(JsonNode json) {
        if (!json.has(SHIFTED)) {
            return (GaussianSchedule) read(SCHEDULES, SCHEDULE, json);
        }
        var settings = json.get(SHIFTED);
        if (!(schedule(settings.path(SCHEDULE)) instanceof ContinuousSchedule inner)) {
            throw new IllegalArgumentException("checkpoint: a schedule that is not continuous cannot be shifted");
        }
        return new ContinuousSchedule.Shifted(inner, settings.path(SCALE).asDouble(0));
    }

    private static ObjectNode named(Map<String, Class<? extends Record>> known, Object value) {
        for (var e : known.entrySet()) {
            if (e.getValue().isInstance(value)) {
                var node = JsonNodeFactory.instance.objectNode();
                node.set(e.getKey(), RecordJson.write((Record) value));
                return node;
            }
        }
        throw new IllegalArgumentException("checkpoint: " + value.getClass().getName() + " could not be read again");
    }

    private static Record read(Map<String, Class<? extends Record>> known, String part, JsonNode json) {
        var name = json.propertyNames().stream().findFirst().orElse("");
        var type = known.get(name);
        if (type == null) {
            throw new IllegalArgumentException("checkpoint: the " + part + " \"" + name + "\" is unknown");
        }
        return RecordJson.read(type, json.get(name));
    }
}
