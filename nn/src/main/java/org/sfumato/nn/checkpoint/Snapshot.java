package org.sfumato.nn.checkpoint;

import java.util.Map;
import org.sfumato.tensor.Tensor;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.NumericNode;
import tools.jackson.databind.node.ObjectNode;

/// All that a run needs to go on as if it had never stopped.
///
/// The tensors may be the live ones: they are read while [Checkpoints#save] runs, and not held afterwards.
///
/// @param step optimiser steps done so far, from 0 on
/// @param config what the run is: model, tokenizer, process. Needs no training code to be read
/// @param weights the parameters by name
/// @param optimizer the optimiser's state by name, see [org.sfumato.nn.optim.Optimizer#state()]; may be empty
/// @param average the moving average of the parameters by name, see [org.sfumato.nn.optim.Ema]; may be empty
/// @param progress where the run stands besides: seed, place in the data, length of the schedule, best value, counters
public record Snapshot(long step, ObjectNode config, Map<String, Tensor> weights, Map<String, Tensor> optimizer,
        Map<String, Tensor> average, ObjectNode progress) {
    /// Checks what can be checked.
    ///
    /// @throws IllegalArgumentException if the step is negative, or a number in `config` or `progress` is not finite
    public Snapshot {
        if (step < 0) {
            throw new IllegalArgumentException("checkpoint: step " + step + " < 0");
        }
        requireFinite("config", config);
        requireFinite("progress", progress);
    }

    private static void requireFinite(String path, JsonNode node) {
        if (node instanceof NumericNode number && number.isNaN()) {
            throw new IllegalArgumentException("checkpoint: " + path + " is " + node.asString()
                    + ", a number that JSON does not have\nhint: leave the field out until it has a value");
        }
        if (node.isArray()) {
            for (int i = 0; i < node.size(); i++) {
                requireFinite(path + "[" + i + "]", node.get(i));
            }
        }
        node.properties().forEach(e -> requireFinite(path + "." + e.getKey(), e.getValue()));
    }
}
