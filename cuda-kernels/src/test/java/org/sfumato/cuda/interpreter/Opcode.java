package org.sfumato.cuda.interpreter;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The parts of an opcode: what the instruction is called, then modifiers and types. A part is taken when it has been
/// understood; what is left at the end makes the instruction unknown.
final class Opcode {
    private final List<String> rest;
    private final String name;

    Opcode(String text) {
        rest = new ArrayList<>(List.of(text.split("\\.")));
        name = rest.removeFirst();
    }

    String name() {
        return name;
    }

    /// Takes `part` if it is there.
    boolean take(String part) {
        return rest.remove(part);
    }

    /// Takes the one of `parts` that is there, the first of them if several are.
    Optional<String> takeOne(String... parts) {
        for (var part : parts) {
            if (rest.remove(part)) {
                return Optional.of(part);
            }
        }
        return Optional.empty();
    }

    /// Takes all of `parts` that are there: they change nothing here.
    void ignore(String... parts) {
        rest.removeAll(List.of(parts));
    }

    /// Takes all parts that begin with one of `prefixes`: they change nothing here.
    void ignoreLike(String... prefixes) {
        rest.removeIf(part -> List.of(prefixes).stream().anyMatch(part::startsWith));
    }

    /// Takes the next part.
    String next() {
        if (rest.isEmpty()) {
            throw new Unknown("a part of the opcode is missing");
        }
        return rest.removeFirst();
    }

    /// The next part, which stays.
    String peek() {
        return rest.isEmpty() ? "" : rest.getFirst();
    }

    /// Takes the first type.
    Type type() {
        for (int j = 0; j < rest.size(); j++) {
            var type = Type.of(rest.get(j));
            if (type.isPresent()) {
                rest.remove(j);
                return type.get();
            }
        }
        throw new Unknown("the opcode names no type");
    }

    /// The first type, which stays; [Type#PRED] if there is none.
    Type resultType() {
        return rest.stream().flatMap(part -> Type.of(part).stream()).findFirst().orElse(Type.PRED);
    }

    /// How rounding goes: `rn` unless said otherwise.
    Rounding rounding() {
        return takeOne("rn", "rz", "rm", "rp", "rna").map(Rounding::of).orElse(Rounding.NEAREST);
    }

    /// @throws Unknown if a part was not taken
    void done() {
        if (!rest.isEmpty()) {
            throw new Unknown("." + rest.getFirst() + " is not known here");
        }
    }

    /// An instruction that the interpreter does not know, and why; whoever knows the line adds it.
    static final class Unknown extends RuntimeException {
        private static final long serialVersionUID = 1;

        Unknown(String message) {
            super(message);
        }
    }
}
