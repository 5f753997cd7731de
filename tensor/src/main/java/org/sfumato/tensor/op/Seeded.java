package org.sfumato.tensor.op;

import org.sfumato.tensor.Rng;

/// Operations that draw random numbers. On a device that repeats work as a whole their keys change from one time to the
/// next, and all else does not.
public sealed interface Seeded permits DropoutOp, Source.Random {
    /// Where the numbers come from.
    Rng rng();

    /// The same operation with other numbers.
    Op withRng(Rng other);
}
