package org.sfumato.nn.lora;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import org.sfumato.nn.Dropout;
import org.sfumato.nn.Linear;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// A linear layer with low-rank updates of disjoint rows: `y = base(x)`, `y[rows] += scale B A dropout(x)` for each.
///
/// In training all updates of one layer read the same dropped inputs. Source: Hu et al. 2021, arXiv 2106.09685.
public record LoraLinear(LinearMap base, List<LowRank> updates, Dropout dropout) implements LinearMap {
    /// Checks that the updates lie in the base and do not overlap, and puts them in order.
    public LoraLinear {
        updates = updates.stream().sorted(Comparator.comparingLong(update -> update.place().from())).toList();
        long end = 0;
        for (var update : updates) {
            var place = update.place();
            if (place.from() < end || place.to() > base.out() || place.in() != base.in()) {
                throw new IllegalArgumentException("lora: an update of rows " + place.from() + " to " + place.to()
                        + " and " + place.in() + " inputs, " + place.name() + ", does not fit after row " + end
                        + " of a layer of " + base.in() + " inputs and " + base.out() + " outputs");
            }
            end = place.to();
        }
        if (updates.isEmpty()) {
            throw new IllegalArgumentException("lora: no update");
        }
    }

    @Override
    public long in() {
        return base.in();
    }

    @Override
    public long out() {
        return base.out();
    }

    @Override
    public Tensor forward(Tensor x) {
        return forward(x, Pass.INFERENCE);
    }

    @Override
    public Tensor forward(Tensor x, Pass pass) {
        return base.forward(x, pass.part(1)).add(change(dropout.forward(x, pass.part(0))));
    }

    /// What is added. The inner products of all updates are one product; what they make is put side by side.
    private Tensor change(Tensor x) {
        var inner = x.linear(Tensor.concat(0, updates.stream().map(LowRank::a).toArray(Tensor[]::new)), null);
        var parts = new ArrayList<Tensor>();
        long end = 0;
        long rank = 0;
        for (var update : updates) {
            addZeros(parts, x, update.place().from() - end);
            long r = update.a().size(0);
            var own = inner.slice(-1, rank, rank + r);
            parts.add(own.mul(update.scale()).linear(update.b(), null));
            rank += r;
            end = update.place().to();
        }
        addZeros(parts, x, out() - end);
        return parts.size() == 1 ? parts.getFirst() : Tensor.concat(-1, parts.toArray(Tensor[]::new));
    }

    private static void addZeros(List<Tensor> parts, Tensor x, long width) {
        if (width > 0) {
            parts.add(Tensor.full(x.shape().with(-1, width), 0, x.dtype(), x.device()));
        }
    }

    /// The same map with one matrix, in the current scope.
    ///
    /// @throws IllegalArgumentException if the base is not a [Linear]
    Linear merged(String path) {
        if (!(base instanceof Linear(Tensor weight, Tensor bias))) {
            throw new IllegalArgumentException("lora: " + path + " cannot be merged into a "
                    + base.getClass().getSimpleName() + "\nhint: use the adapter beside it, or merge it before the "
                    + "network is stored otherwise");
        }
        return new Linear(Scope.result(() -> {
            var merged = weight.copy();
            for (var update : updates) {
                var rows = merged.slice(0, update.place().from(), update.place().to());
                rows.assign(rows.add(update.b().matmul(update.a()).mul(update.scale())));
            }
            return merged;
        }), bias);
    }
}
