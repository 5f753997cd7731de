package org.sfumato.cuda.interpreter;

import java.util.List;

/// An operand as it is written.
sealed interface Operand {
    /// A register, special register, variable, label or `_`, and what is added to its address.
    record Name(String text, long plus) implements Operand { }

    /// `!p`.
    record Not(String predicate) implements Operand { }

    /// A number: its bits, as an integer of 64 bits unless `bits` says that it is a float of 32 or 64.
    record Number(long value, int bits) implements Operand { }

    /// `{a, b, ...}`.
    record Vector(List<Operand> elements) implements Operand { }

    /// `[base + plus]`; the base is a name or a number.
    record Address(Operand base, long plus) implements Operand { }

    /// `d|p`: two results.
    record Pair(Operand first, Operand second) implements Operand { }

    /// `(a, b, ...)`: what a call passes.
    record Group(List<Operand> elements) implements Operand { }
}
