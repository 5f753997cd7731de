package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Action.Together;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// Tensor cores: `ldmatrix`, `stmatrix`, `movmatrix` and `mma.sync`. All 32 lanes take part, each with its fragment.
/// Products are exact and summed in double, the sum is rounded once.
/// Source: NVIDIA, PTX ISA 9.0, sections 9.7.14.5 and 9.7.14.6 and their figures of fragments.
final class Matrices {
    /// Elements of the largest operand.
    static final int LARGEST = 16 * 32;

    private interface Body {
        void run(Warp warp);
    }

    private record Aligned(Body body) implements Together {
        @Override
        public int members(Warp warp, int lane) {
            return -1;
        }

        @Override
        public boolean aligned() {
            return true;
        }

        @Override
        public void run(Warp warp, int mask) {
            body.run(warp);
        }
    }

    private Matrices() { }

    static Together decode(Opcode opcode, Operands x) {
        if (!opcode.take("sync") || !opcode.take("aligned")) {
            throw new Unknown(opcode.name() + " without .sync.aligned is not known");
        }
        return new Aligned(switch (opcode.name()) {
            case "ldmatrix" -> load(opcode, x);
            case "stmatrix" -> store(opcode, x);
            case "movmatrix" -> transpose(opcode, x);
            default -> multiply(opcode, x);
        });
    }

    // matrices of 8 rows of 8 numbers of 16 bits

    private static int matrices(Opcode opcode) {
        opcode.ignore("m8n8", "shared", "shared::cta");
        int count = opcode.takeOne("x1", "x2", "x4").map(n -> n.charAt(1) - '0').orElse(1);
        if (opcode.type() != Type.B16) {
            throw new Unknown("matrices are known of .b16");
        }
        return count;
    }

    private static Body load(Opcode opcode, Operands x) {
        boolean transposed = opcode.take("trans");
        int count = matrices(opcode);
        int[] d = x.resultWords(0, count);
        var pointer = x.pointer(1);
        return warp -> {
            var rows = new int[8 * 4];
            for (int j = 0; j < count; j++) {
                for (int row = 0; row < 8; row++) {
                    int lane = 8 * j + row;
                    var shared = warp.block().shared();
                    int at = shared.read(warp, lane, inShared(pointer.of(warp, lane)), 16);
                    System.arraycopy(shared.words, at, rows, 4 * row, 4);
                }
                spread(rows, transposed, warp.words, d[j]);
            }
        };
    }

    private static long inShared(long address) {
        return address >>> Space.WINDOW == 1 ? address - Space.SHARED : address;
    }

    /// Lane l gets elements 2(l % 4) and the next of row l / 4, or of column l / 4.
    private static void spread(int[] rows, boolean transposed, int[] words, int d) {
        for (int k = 0; k < Registers.LANES; k++) {
            words[d + k] = !transposed ? rows[k]
                    : half(rows, (k & 3) * 2, k >> 2) | half(rows, (k & 3) * 2 + 1, k >> 2) << 16;
        }
    }

    private static int half(int[] rows, int row, int column) {
        return rows[4 * row + (column >> 1)] >>> 16 * (column & 1) & 0xFFFF;
    }

    private static Body store(Opcode opcode, Operands x) {
        boolean transposed = opcode.take("trans");
        int count = matrices(opcode);
        var pointer = x.pointer(0);
        int[] a = x.words(1, count);
        return warp -> {
            var rows = new int[8 * 4];
            for (int j = 0; j < count; j++) {
                System.arraycopy(warp.words, a[j], rows, 0, rows.length);
                var turned = rows.clone();
                if (transposed) {
                    spread(rows, true, turned, 0);
                }
                for (int row = 0; row < 8; row++) {
                    int lane = 8 * j + row;
                    var shared = warp.block().shared();
                    int at = shared.write(warp, lane, inShared(pointer.of(warp, lane)), 16);
                    System.arraycopy(turned, 4 * row, shared.words, at, 4);
                }
            }
        };
    }

    private static Body transpose(Opcode opcode, Operands x) {
        opcode.ignore("m8n8", "trans");
        opcode.type();
        int d = x.word32(0);
        int a = x.word(1);
        return warp -> {
            var rows = new int[8 * 4];
            System.arraycopy(warp.words, a, rows, 0, rows.length);
            spread(rows, true, warp.words, d);
        };
    }

    // products

    private static Body multiply(Opcode opcode, Operands x) {
        var shape = opcode.next();
        opcode.ignore("row", "col", "satfinite");
        var result = opcode.type();
        var left = opcode.type();
        var right = opcode.type();
        var sum = opcode.type();
        if (shape.equals("m8n8k4") && left == Type.F64) {
            return doubles(x);
        }
        if (!shape.matches("m16n8k(4|8|16|32)") || result != sum) {
            throw new Unknown("." + shape + " is not known");
        }
        int k = Integer.parseInt(shape.substring(6));
        boolean integers = left.integer();
        boolean fits = switch (left) {
            case TF32 -> (k == 4 || k == 8) && result == Type.F32;
            case F16 -> (k == 8 || k == 16) && (result == Type.F32 || result == Type.F16);
            case BF16 -> (k == 8 || k == 16) && result == Type.F32;
            case U8, S8 -> (k == 16 || k == 32) && result == Type.S32;
            default -> false;
        };
        if (!fits || integers != right.integer() || !integers && left != right) {
            throw new Unknown("no product of " + left + " and " + right + " with k = " + k + " gives " + result);
        }
        int each = 32 / (left == Type.TF32 ? 32 : left.bits);
        var a = new Fragment(x.words(1, 16 * k / 32 / each), left, each);
        var b = new Fragment(x.words(2, 8 * k / 32 / each), right, each);
        int parts = result == Type.F16 ? 2 : 4;
        int[] c = x.words(3, parts);
        int[] d = x.resultWords(0, parts);
        return warp -> product(warp, a, b, k, result, c, d);
    }

    /// What each lane holds of an operand: registers of `each` numbers.
    private record Fragment(int[] registers, Type type, int each) {
        float value(Warp warp, int register, int lane, int element) {
            int word = warp.words[registers[register] + lane];
            return switch (type) {
                case TF32 -> Float.intBitsToFloat(word & ~0x1FFF);  // a tensor core reads 10 bits behind the point
                case F16 -> Rounding.f16(word >>> 16 * element);
                case BF16 -> Rounding.bf16(word >>> 16 * element);
                case S8 -> (byte) (word >>> 8 * element);
                case U8 -> word >>> 8 * element & 0xFF;
                default -> throw new AssertionError(type);
            };
        }
    }

    /// Register r of A holds row `lane / 4 + 8 (r % 2)`, of B column `lane / 4`; both begin at `each (lane % 4)` of the
    /// common dimension, every further block of registers 4 `each` on.
    private static void product(Warp warp, Fragment a, Fragment b, int size, Type result, int[] c, int[] d) {
        float[] left = warp.scratch;
        int offset = LARGEST;
        int each = a.each();
        for (int lane = 0; lane < Registers.LANES; lane++) {
            int begin = (lane & 3) * each;
            for (int r = 0; r < a.registers().length; r++) {
                int row = (lane >> 2) + 8 * (r & 1);
                for (int e = 0; e < each; e++) {
                    left[row * size + begin + 4 * each * (r >> 1) + e] = a.value(warp, r, lane, e);
                }
            }
            for (int r = 0; r < b.registers().length; r++) {
                for (int e = 0; e < each; e++) {
                    left[offset + (lane >> 2) * size + begin + 4 * each * r + e] = b.value(warp, r, lane, e);
                }
            }
        }
        for (int lane = 0; lane < Registers.LANES; lane++) {
            for (int r = 0; r < 4; r++) {
                int row = (lane >> 2) + 8 * (r >> 1);
                int column = (lane & 3) * 2 + (r & 1);
                double dot = dot(left, row * size, offset + column * size, size);
                if (result == Type.F32) {
                    warp.words[d[r] + lane] = Float.floatToRawIntBits(
                            (float) (Float.intBitsToFloat(warp.words[c[r] + lane]) + dot));
                } else {
                    put(warp, result, c, d, r, lane, dot);
                }
            }
        }
    }

    private static double dot(float[] values, int a, int b, int size) {
        double sum = 0;
        for (int j = 0; j < size; j++) {
            sum += (double) values[a + j] * values[b + j];
        }
        return sum;
    }

    private static void put(Warp warp, Type result, int[] c, int[] d, int r, int lane, double dot) {
        var words = warp.words;
        switch (result) {
            case S32 -> words[d[r] + lane] = words[c[r] + lane] + (int) dot;
            default -> {
                int shift = 16 * (r & 1);
                float old = Rounding.f16(words[c[r >> 1] + lane] >>> shift);
                int bits = Rounding.NEAREST.toF16(Rounding.toOdd(old + dot, 0)) << shift;
                words[d[r >> 1] + lane] = bits | (r & 1) * (words[d[r >> 1] + lane] & 0xFFFF)
                        | (1 - (r & 1)) * (words[c[r >> 1] + lane] & 0xFFFF0000);
            }
        }
    }

    /// A (8, 4), B (4, 8) and C (8, 8) in f64: one number, one and two for each lane.
    private static Body doubles(Operands x) {
        int a = x.wideElement(1, 0);
        int b = x.wideElement(2, 0);
        int[] c = {x.wideElement(3, 0), x.wideElement(3, 1)};
        var d = Operands.indices(x.resultPlaces(0, 64), 2, 64);
        return warp -> {
            var sums = new double[2][Registers.LANES];
            for (int lane = 0; lane < Registers.LANES; lane++) {
                for (int r = 0; r < 2; r++) {
                    int column = (lane & 3) * 2 + r;
                    double sum = Double.longBitsToDouble(warp.longs[c[r] + lane]);
                    for (int k = 0; k < 4; k++) {
                        sum = Math.fma(Double.longBitsToDouble(warp.longs[a + (lane & ~3) + k]),
                                Double.longBitsToDouble(warp.longs[b + 4 * column + k]), sum);
                    }
                    sums[r][lane] = sum;
                }
            }
            for (int lane = 0; lane < Registers.LANES; lane++) {
                warp.longs[d[0] + lane] = Double.doubleToRawLongBits(sums[0][lane]);
                warp.longs[d[1] + lane] = Double.doubleToRawLongBits(sums[1][lane]);
            }
        };
    }
}
