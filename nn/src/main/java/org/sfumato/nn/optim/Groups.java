package org.sfumato.nn.optim;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.tensor.Tensor;

/// Several optimisers, each for parameters of its own, as one.
public final class Groups implements Optimizer {
    /// The parameters named `names` belong to `optimizer`, whose state is saved under `label`.
    public record Group(String label, Optimizer optimizer, List<String> names) { }

    private final List<Group> groups;

    /// An optimiser made of `groups`.
    public Groups(List<Group> groups) {
        this.groups = List.copyOf(groups);
    }

    @Override
    public void step(Map<String, Tensor> gradients, double rate, Tensor scale) {
        for (var group : groups) {
            var mine = new LinkedHashMap<String, Tensor>();
            for (var name : group.names) {
                if (gradients.containsKey(name)) {
                    mine.put(name, gradients.get(name));
                }
            }
            group.optimizer.step(mine, rate, scale);
        }
    }

    @Override
    public Map<String, Tensor> state() {
        var state = new LinkedHashMap<String, Tensor>();
        for (var group : groups) {
            group.optimizer.state().forEach((name, tensor) -> state.put(group.label + "." + name, tensor));
        }
        return state;
    }
}
