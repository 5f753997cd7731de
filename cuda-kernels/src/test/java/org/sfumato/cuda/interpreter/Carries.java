package org.sfumato.cuda.interpreter;

import java.util.Set;
import org.sfumato.cuda.interpreter.Action.Lanes;

/// Sums longer than a register: `add.cc`, `addc`, `sub.cc`, `subc`, `mad.cc`, `madc`, with a carry for each lane.
/// Source: NVIDIA, PTX ISA 9.0, section 9.7.2.
final class Carries {
    private static final Set<String> NAMES = Set.of("addc", "subc", "madc");

    private Carries() { }

    static boolean names(Opcode opcode) {
        return NAMES.contains(opcode.name());
    }

    /// After `cc` was taken if it was there.
    static Lanes decode(Opcode opcode, boolean sets, Operands x) {
        boolean reads = names(opcode);
        boolean product = opcode.name().startsWith("mad");
        boolean high = product && opcode.next().equals("hi");
        boolean minus = opcode.name().startsWith("sub");
        var type = opcode.type();
        int bits = type.bits;
        var d = x.result(0);
        var a = x.source(1, bits);
        var b = x.source(2, bits);
        var c = product ? x.source(3, bits) : b;
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                long p = product ? part(Loops.get(warp, a, k), Loops.get(warp, b, k), type, high)
                        : Loops.get(warp, a, k);
                long q = minus ? ~Loops.get(warp, c, k) : Loops.get(warp, c, k);
                // A borrow is a carry that is missing: a - b = a + ~b + 1.
                boolean flag = (warp.carry >>> k & 1) != 0;
                long in = minus ? reads && flag ? 0 : 1 : reads && flag ? 1 : 0;
                long sum = p + q + in;
                boolean out = bits == 64 ? carries(p, q, in)
                        : (p & 0xFFFFFFFFL) + (q & 0xFFFFFFFFL) + in > 0xFFFFFFFFL;
                Loops.put(warp, d, k, sum);
                if (sets) {
                    warp.carry = warp.carry & ~(1 << k) | (minus != out ? 1 << k : 0);
                }
            }
        };
    }

    private static long part(long a, long b, Type type, boolean high) {
        if (!high) {
            return a * b;
        } else if (type.bits == 64) {
            return type.signed() ? Math.multiplyHigh(a, b) : Math.unsignedMultiplyHigh(a, b);
        }
        return Loops.extend(a, type) * Loops.extend(b, type) >>> 32;
    }

    private static boolean carries(long p, long q, long in) {
        long sum = p + q;
        return Long.compareUnsigned(sum, p) < 0 || in != 0 && sum == -1;
    }
}
