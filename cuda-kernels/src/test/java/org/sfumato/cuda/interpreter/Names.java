package org.sfumato.cuda.interpreter;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.cuda.interpreter.Registers.Place;

/// What names mean where an instruction stands: inner braces hide outer ones.
final class Names {
    /// What a name can mean.
    sealed interface Meaning { }

    record Register(Place place) implements Meaning { }

    /// A variable at a known address of its space: `global`, `shared`, `local` or `param`.
    record Variable(String space, long address) implements Meaning { }

    /// Shared memory whose size the launch tells: its address is in registers that are filled when all others are
    /// known.
    record Dynamic() implements Meaning { }

    record Targets(List<String> labels) implements Meaning { }

    private final Deque<Map<String, Meaning>> meanings = new ArrayDeque<>();
    private final Deque<Map<String, Action.Target>> met = new ArrayDeque<>();
    private final Deque<Map<String, List<Action.Target>>> named = new ArrayDeque<>();

    void open() {
        meanings.push(new HashMap<>());
        met.push(new HashMap<>());
        named.push(new HashMap<>());
    }

    /// Labels that were named and not met belong to what is outside.
    ///
    /// @return those that nobody has met, if nothing is outside
    List<String> close() {
        meanings.pop();
        var here = met.pop();
        var missing = new ArrayList<String>();
        for (var label : named.pop().entrySet()) {
            var target = here.get(label.getKey());
            if (target != null) {
                label.getValue().forEach(waiting -> waiting.set(target.at()));
            } else if (named.isEmpty()) {
                missing.add(label.getKey());
            } else {
                named.peek().computeIfAbsent(label.getKey(), name -> new ArrayList<>()).addAll(label.getValue());
            }
        }
        return missing;
    }

    void declare(String name, Meaning meaning) {
        meanings.peek().put(name, meaning);
    }

    Optional<Meaning> find(String name) {
        for (var scope : meanings) {
            var meaning = scope.get(name);
            if (meaning != null) {
                return Optional.of(meaning);
            }
        }
        return Optional.empty();
    }

    /// The place that a label stands for: it is set when the scope of the label closes.
    Action.Target target(String label) {
        var target = new Action.Target();
        named.peek().computeIfAbsent(label, name -> new ArrayList<>()).add(target);
        return target;
    }

    void meet(String label, int at) {
        var target = new Action.Target();
        target.set(at);
        if (met.peek().put(label, target) != null) {
            throw new Opcode.Unknown("label " + label + " stands here twice");
        }
    }
}
