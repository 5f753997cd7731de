package org.sfumato.cuda.elementwise;

import org.sfumato.cuda.elementwise.Code.Kind;

/// Writes the way from the number of an element to its coordinates, and from these to addresses.
final class Coordinates {
    private final Code code;
    private final boolean wide;
    private final String[] sizes;
    private final String[] multipliers;
    private final String[] shifts;

    /// Asks for the parameters: for each axis but the first its size and, if not wide, its [Divisor].
    Coordinates(Code code, Access.Strided access) {
        this.code = code;
        this.wide = access.wide();
        this.sizes = new String[access.rank()];
        this.multipliers = new String[access.rank()];
        this.shifts = new String[access.rank()];
        for (int axis = 1; axis < access.rank(); axis++) {
            sizes[axis] = code.parameter(wide ? "u64" : "u32");
            if (!wide) {
                multipliers[axis] = code.parameter("u32");
                shifts[axis] = code.parameter("u32");
            }
        }
    }

    /// The next `n` parameters, of 64 bits if wide.
    String[] parameters(int n, String sign) {
        var result = new String[n];
        for (int i = 0; i < n; i++) {
            result[i] = code.parameter(sign + (wide ? "64" : "32"));
        }
        return result;
    }

    /// The coordinates of element `number`, the last axis running fastest.
    String[] of(String number) {
        var result = new String[sizes.length];
        var rest = number;
        for (int axis = sizes.length - 1; axis > 0; axis--) {
            var above = above(rest, axis);
            result[axis] = wide
                    ? code.op(Kind.B64, "sub.s64", rest, code.op(Kind.B64, "mul.lo.u64", above, sizes[axis]))
                    : code.op(Kind.B32, "sub.s32", rest, code.op(Kind.B32, "mul.lo.u32", above, sizes[axis]));
            rest = above;
        }
        result[0] = rest;
        return result;
    }

    private String above(String rest, int axis) {
        if (wide) {
            return code.op(Kind.B64, "div.u64", rest, sizes[axis]);
        }
        var high = code.op(Kind.B32, "mul.hi.u32", rest, multipliers[axis]);
        return code.op(Kind.B32, "shr.u32", code.op(Kind.B32, "add.u32", high, rest), shifts[axis]);
    }

    /// `base + sum(coordinate * stride)`.
    String address(String base, String[] coordinates, String[] strides) {
        var sum = base;
        for (int axis = 0; axis < coordinates.length; axis++) {
            sum = code.op(Kind.B64, wide ? "mad.lo.s64" : "mad.wide.s32", coordinates[axis], strides[axis], sum);
        }
        return sum;
    }
}
