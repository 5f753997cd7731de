package org.sfumato.cuda.interpreter;

import java.util.List;
import java.util.Optional;

/// What the body of a function is made of, in its order.
sealed interface Item {
    int line();

    /// `{`: names declared from here on are known until the matching [Close].
    record Open(int line) implements Item { }

    /// `}`.
    record Close(int line) implements Item { }

    /// `name:`.
    record Label(int line, String name) implements Item { }

    /// `.reg .type name<count>`; a count of -1 declares `name` itself.
    record Registers(int line, Type type, String name, int count) implements Item { }

    /// `name: .branchtargets a, b, ...;`.
    record Targets(int line, String name, List<String> labels) implements Item { }

    /// `@guard opcode operands;`.
    ///
    /// @param negated true for `@!guard`
    record Statement(int line, Optional<String> guard, boolean negated, String opcode, List<Operand> operands)
            implements Item { }

    /// A variable with an address.
    ///
    /// @param space `global`, `const`, `shared`, `local` or `param`
    /// @param bytes 0 for external shared memory, whose size the launch tells
    /// @param initial its first bytes; shorter than `bytes` where the rest is zero
    record Variable(int line, String space, String name, int align, int bytes, byte[] initial) implements Item { }
}
