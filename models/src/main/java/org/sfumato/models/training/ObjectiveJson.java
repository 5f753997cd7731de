package org.sfumato.models.training;

import java.util.Map;
import org.sfumato.models.autoregressive.Autoregression;
import org.sfumato.models.block.BlockDiffusion;
import org.sfumato.models.diffusion.NoiseProcess;
import org.sfumato.models.diffusion.Objective;
import org.sfumato.models.duo.Duo;
import org.sfumato.models.masked.FixedMasking;
import org.sfumato.models.masked.MaskedProcess;
import org.sfumato.models.mixture.MixtureProcess;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.uniform.UniformProcess;
import org.sfumato.nn.checkpoint.RecordJson;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Objectives as JSON: the name of each and its settings, `{"masked": {"mask": 65, ...}}`.
final class ObjectiveJson {
    private static final String BLOCK = "block";
    private static final Map<String, Class<? extends Record>> PROCESSES = Map.of("masked", MaskedProcess.class,
            "uniform", UniformProcess.class, "mixture", MixtureProcess.class);
    private static final Map<String, Class<? extends Record>> OTHERS = Map.of("autoregressive", Autoregression.class,
            "duo", Duo.class, "fixedMasking", FixedMasking.class);

    private ObjectiveJson() { }

    /// @throws IllegalArgumentException if it is not one of this library's, which alone can be read again
    static ObjectNode write(Objective<? super Transformer> objective) {
        if (objective instanceof BlockDiffusion(NoiseProcess process)) {
            return named(BLOCK, named(PROCESSES, process));
        }
        return named(objective instanceof NoiseProcess ? PROCESSES : OTHERS, objective);
    }

    private static ObjectNode named(Map<String, Class<? extends Record>> known, Object value) {
        for (var e : known.entrySet()) {
            if (e.getValue().isInstance(value)) {
                return named(e.getKey(), RecordJson.write((Record) value));
            }
        }
        throw new IllegalArgumentException("checkpoint: an objective of class " + value.getClass().getName()
                + " could not be read again");
    }

    private static ObjectNode named(String name, ObjectNode settings) {
        var node = JsonNodeFactory.instance.objectNode();
        node.set(name, settings);
        return node;
    }

    /// @throws IllegalArgumentException if the objective is unknown or its settings are wrong
    @SuppressWarnings("unchecked")                                      // the classes of the tables are objectives
    static Objective<? super Transformer> read(JsonNode json) {
        var name = json.propertyNames().stream().findFirst().orElse("");
        if (name.equals(BLOCK)) {
            return new BlockDiffusion((NoiseProcess) one(PROCESSES, json.get(BLOCK)));
        }
        return (Objective<? super Transformer>) one(PROCESSES.containsKey(name) ? PROCESSES : OTHERS, json);
    }

    private static Record one(Map<String, Class<? extends Record>> known, JsonNode json) {
        var name = json.propertyNames().stream().findFirst().orElse("");
        var type = known.get(name);
        if (type == null) {
            throw new IllegalArgumentException("checkpoint: the objective \"" + name + "\" is unknown");
        }
        return RecordJson.read(type, json.get(name));
    }
}
