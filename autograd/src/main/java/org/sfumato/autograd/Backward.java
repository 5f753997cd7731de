package org.sfumato.autograd;

import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Fuse;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Differentiable;
import org.sfumato.tensor.op.Saved;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.spi.Buffer;

/// One walk over a list of operations, last to first, that adds up gradients.
final class Backward {
    private static final Fuse ACCUMULATE = Fuse.of("accumulate", (sum, more) -> sum.add(more));

    private final List<Tape.Node> nodes;
    private final Scope owner;  // of what may be freed on the way, or null
    private final Tensor result;
    private final Scope walk = Scope.open("gradients");  // of what the walk itself makes
    private final Set<Tensor> wanted = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Set<Tensor> needed = Collections.newSetFromMap(new IdentityHashMap<>());
    private final Map<Tensor, Tensor> gradients = new IdentityHashMap<>();
    private final Map<Tensor, Parts> parts = new IdentityHashMap<>();  // of slices, where there is no sum yet
    private final Map<Buffer, Integer> forwardUses = new IdentityHashMap<>();
    private final Map<Buffer, Integer> gradientUses = new IdentityHashMap<>();  // buffers of gradients on the way

    Backward(List<Tape.Node> nodes, Scope owner, Tensor result) {
        this.nodes = nodes;
        this.owner = owner;
        this.result = result;
    }

    /// The gradients by `targets`, in memory of the current scope; `null` where there is none.
    Tensor[] run(Tensor[] outputs, Tensor[] seeds, Tensor[] targets) {
        try (walk) {
            return walk.call(() -> {
                var results = all(outputs, seeds, targets);
                for (var gradient : results) {
                    if (gradient != null) {
                        walk.keep(gradient);
                    }
                }
                return results;
            });
        }
    }

    private Tensor[] all(Tensor[] outputs, Tensor[] seeds, Tensor[] targets) {
        Collections.addAll(wanted, targets);
        markNeeded(targets);
        for (int i = 0; i < seeds.length; i++) {
            if (seeds[i] != null && needed.contains(outputs[i])) {
                gradients.merge(outputs[i], seeds[i], Tensor::add);
            }
        }
        countUses(seeds);
        for (var node : nodes.reversed()) {
            step(node);
            for (var tensor : node.in()) {
                releaseForward(tensor);
            }
            for (var tensor : node.out()) {
                releaseForward(tensor);
            }
        }
        var results = new Tensor[targets.length];
        for (int i = 0; i < targets.length; i++) {
            join(targets[i]);
            results[i] = gradients.get(targets[i]);
        }
        return results;
    }

    /// Marks what depends on the targets, so that no other gradient is computed.
    private void markNeeded(Tensor[] targets) {
        Collections.addAll(needed, targets);
        for (var node : nodes) {
            if (node.op() instanceof Differentiable && anyNeeded(node.in())) {
                Collections.addAll(needed, node.out());
            }
        }
    }

    private boolean anyNeeded(Tensor[] tensors) {
        for (var tensor : tensors) {
            if (needed.contains(tensor)) {
                return true;
            }
        }
        return false;
    }

    private void step(Tape.Node node) {
        var dOut = new Tensor[node.out().length];
        boolean any = false;
        for (int i = 0; i < dOut.length; i++) {
            var out = node.out()[i];
            join(out);
            dOut[i] = wanted.contains(out) ? gradients.get(out) : gradients.remove(out);
            any |= dOut[i] != null;
        }
        if (any && node.op() instanceof View.Slice slice && needed.contains(node.in()[0])) {
            addPart(node.in()[0], slice, dOut[0]);
        } else if (any && node.op() instanceof Differentiable rule && anyNeeded(node.in())) {
            node.requireUnchanged();
            var results = Scope.results(() -> rule.vjp(new Pass(node), dOut));
            for (int i = 0; i < results.length; i++) {
                if (results[i] != null && needed.contains(node.in()[i])) {
                    add(node, i, typed(results[i], node.in()[i]));
                } else if (results[i] != null) {
                    gradientUses.putIfAbsent(buffer(results[i]), 0);
                    freeIfUnused(results[i]);
                }
            }
        }
        for (int i = 0; i < dOut.length; i++) {
            if (dOut[i] != null && !wanted.contains(node.out()[i])) {
                releaseGradient(dOut[i]);
            }
        }
    }

    /// A gradient is of the type of what it is by; a rule of operands of several types may give that of the result.
    private Tensor typed(Tensor gradient, Tensor input) {
        if (gradient.dtype() == input.dtype()) {
            return gradient;
        }
        var cast = gradient.cast(input.dtype());
        gradientUses.putIfAbsent(buffer(gradient), 0);
        freeIfUnused(gradient);
        return cast;
    }

    private void add(Tape.Node node, int index, Tensor gradient) {
        var input = node.in()[index];
        if (!gradient.shape().equals(input.shape())) {
            throw new ShapeException(node.op()
                    .name() + ": its gradient rule returned " + gradient.shape() + " for input " + index
                    + " of shape " + input.shape());
        }
        join(input);
        gradientUses.merge(buffer(gradient), 1, Integer::sum);
        var sum = gradients.putIfAbsent(input, gradient);
        if (sum == null) {
            return;
        }
        if (isOwn(sum)) {
            ACCUMULATE.update(sum, gradient);
        } else {
            var total = sum.add(gradient);
            gradientUses.merge(buffer(total), 1, Integer::sum);
            gradients.put(input, total);
            releaseGradient(sum);
        }
        releaseGradient(gradient);
    }

    /// Adds the gradient of a slice: to its region of the sum if there is one, else to the parts, which wait for the
    /// others as long as they may make up the whole.
    private void addPart(Tensor input, View.Slice slice, Tensor gradient) {
        if (gradients.containsKey(input)) {
            addToRegion(input, slice, gradient);
            return;
        }
        gradientUses.merge(buffer(gradient), 1, Integer::sum);
        var all = parts.computeIfAbsent(input, _ -> new Parts(input));
        all.add(slice, gradient);
        if (all.overflows()) {
            join(input);
        }
    }

    /// Makes the parts of the gradient of `input`, if there are any, one tensor.
    private void join(Tensor input) {
        var all = parts.remove(input);
        if (all == null) {
            return;
        }
        if (all.isWhole()) {
            var whole = all.concat();
            gradientUses.merge(buffer(whole), 1, Integer::sum);
            gradients.put(input, whole);
        } else {
            all.forEach((slice, gradient) -> addToRegion(input, slice, gradient));
        }
        all.forEach((_, gradient) -> releaseGradient(gradient));
    }

    /// Adds the gradient of a slice to its region in the gradient of the whole: the slices of one tensor share one
    /// buffer.
    private void addToRegion(Tensor input, View.Slice slice, Tensor gradient) {
        var sum = gradients.get(input);
        if (sum == null || !isOwn(sum)) {
            var own = sum == null ? Tensor.full(input.shape(), 0, gradient.dtype(), gradient.device()) : sum.copy();
            gradientUses.merge(buffer(own), 1, Integer::sum);
            gradients.put(input, own);
            if (sum != null) {
                releaseGradient(sum);
            }
            sum = own;
        }
        ACCUMULATE.update(Dispatch.one(slice, sum), gradient);
    }

    /// True if nobody but one gradient uses the memory of `sum`, so that it may be added to in place.
    private boolean isOwn(Tensor sum) {
        return walk.owns(sum) && sum.layout().isDense() && Integer.valueOf(1).equals(gradientUses.get(buffer(sum)))
                && !forwardUses.containsKey(buffer(sum));
    }

    private void countUses(Tensor[] seeds) {
        for (var seed : seeds) {
            if (seed != null) {
                forwardUses.merge(buffer(seed), 1, Integer::sum);  // the caller's, not to be freed or added to here
            }
        }
        for (var node : nodes) {
            for (var tensor : node.in()) {
                useForward(tensor);
            }
            for (var tensor : node.out()) {
                useForward(tensor);
            }
        }
        if (result != null) {
            forwardUses.merge(buffer(result), 1, Integer::sum);                   // read by the user afterwards
        }
    }

    private void useForward(Tensor tensor) {
        if (!tensor.isClosed()) {  // freed by a scope inside the recorded code
            forwardUses.merge(buffer(tensor), 1, Integer::sum);
        }
    }

    private void releaseForward(Tensor tensor) {
        if (tensor.isClosed()) {
            return;
        }
        var buffer = buffer(tensor);
        int left = forwardUses.merge(buffer, -1, Integer::sum);
        if (left == 0 && owner != null && owner.owns(tensor) && !gradientUses.containsKey(buffer)) {
            forwardUses.remove(buffer);                                           // the pool may hand it out again
            tensor.close();
        }
    }

    private void releaseGradient(Tensor gradient) {
        var buffer = buffer(gradient);
        if (gradientUses.containsKey(buffer)) {
            gradientUses.merge(buffer, -1, Integer::sum);
            freeIfUnused(gradient);
        }
    }

    private void freeIfUnused(Tensor gradient) {
        var buffer = buffer(gradient);
        if (gradientUses.get(buffer) <= 0 && !forwardUses.containsKey(buffer)) {
            gradientUses.remove(buffer);
            if (walk.owns(gradient)) {  // not what a rule took from outside
                gradient.close();
            }
        }
    }

    private static Buffer buffer(Tensor tensor) {
        return tensor.operand().buffer();
    }

    /// What a gradient rule sees of its node.
    private final class Pass implements Saved {
        private final Tape.Node node;

        Pass(Tape.Node node) {
            this.node = node;
        }

        @Override
        public Tensor in(int i) {
            return node.in()[i];
        }

        @Override
        public Tensor out(int i) {
            return node.out()[i];
        }

        @Override
        public int inputs() {
            return node.in().length;
        }

        @Override
        public boolean needs(int i) {
            return needed.contains(node.in()[i]);
        }

        @Override
        public Tensor[] through(Function<Tensor[], Tensor[]> reference, Tensor[] dOut) {
            var targets = new Tensor[inputs()];
            for (int i = 0; i < targets.length; i++) {
                targets[i] = in(i);
            }
            var results = Tape.through(() -> reference.apply(targets), dOut, targets);
            for (int i = 0; i < targets.length; i++) {  // one tensor at two places: its gradient counts once
                for (int k = 0; k < i; k++) {
                    if (targets[k] == targets[i]) {
                        results[i] = null;
                    }
                }
            }
            return results;
        }
    }
}
