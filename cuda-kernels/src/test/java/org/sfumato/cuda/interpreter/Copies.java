package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Lanes;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// `cp.async` of 4, 8 or 16 bytes, its groups and waits. Source: NVIDIA, PTX ISA 9.0, section 9.7.9.25.3.
final class Copies {
    private Copies() { }

    static Lanes decode(Opcode opcode, Operands x) {
        if (!opcode.take("async")) {
            throw new Unknown("only cp.async is known of cp");
        } else if (opcode.take("commit_group")) {
            return (warp, from, to) -> {
                for (int k = from; k < to; k++) {
                    warp.copies.commit(k);
                }
            };
        } else if (opcode.take("wait_all")) {
            return await(-1);
        } else if (opcode.take("wait_group")) {
            return await((int) constant(x, 0));
        }
        opcode.ignore("ca", "cg", "shared", "shared::cta", "global");
        opcode.ignoreLike("L2::");
        return copy(x);
    }

    private static long constant(Operands x, int i) {
        if (x.get(i) instanceof Operand.Number(var value, var _)) {
            return value;
        }
        throw new Unknown("operand " + i + " must be a constant");
    }

    private static Lanes await(int groups) {
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                warp.copies.await(warp, k, groups);
            }
        };
    }

    /// Of `bytes` bytes the first `size` come from device memory, the rest is zero.
    private static Lanes copy(Operands x) {
        var shared = x.pointer(0);
        var device = x.pointer(1);
        int bytes = (int) constant(x, 2);
        boolean sized = x.count() > 3;
        int size = sized ? x.word(3) : 0;
        if (bytes != 4 && bytes != 8 && bytes != 16) {
            throw new Unknown("copies are of 4, 8 or 16 bytes");
        }
        var source = Space.of("global");
        return (warp, from, to) -> {
            for (int k = from; k < to; k++) {
                int given = sized ? warp.words[size + k] : bytes;
                long at = device.of(warp, k);
                if (given < 0 || given > bytes) {
                    throw warp.fault(k, "a copy of %d bytes takes %d from its source".formatted(bytes, given));
                } else if ((at & bytes - 1) != 0) {
                    throw warp.fault(k, "misaligned copy of %d bytes from 0x%x".formatted(bytes, at));
                }
                var data = new int[bytes / 4];
                for (int b = 0; b < given; b += 4) {
                    int[] memory = source.read(warp, k, at + b, Math.min(Integer.highestOneBit(given - b), 4));
                    int left = given - b;
                    data[b / 4] = left >= 4 ? memory[warp.at] : memory[warp.at] & (1 << 8 * left) - 1;
                }
                long target = shared.of(warp, k);
                warp.block().shared().begin(warp, k, target, bytes);
                warp.copies.begin(k, (int) target, data, bytes);
            }
        };
    }
}
