package org.sfumato.cuda.interpreter;

import java.util.List;
import org.sfumato.cuda.interpreter.Action.Together;
import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// What the lanes of a warp tell each other: `shfl`, `vote`, `match`, `redux`, `elect`, `bar.warp`.
/// Source: NVIDIA, PTX ISA 9.0, sections 9.7.9.6 and 9.7.13.
final class Exchanges {
    private interface Body {
        void run(Warp warp, int mask);
    }

    /// @param members a word: the mask that names who takes part
    private record Exchange(int members, Body body) implements Together {
        @Override
        public int members(Warp warp, int lane) {
            return warp.words[members + lane];
        }

        @Override
        public void run(Warp warp, int mask) {
            body.run(warp, mask);
        }
    }

    private Exchanges() { }

    static Together barrier(Operands x) {
        return new Exchange(x.word(0), (warp, mask) -> { });
    }

    static Together decode(Opcode opcode, Operands x) {
        if (!opcode.take("sync")) {
            throw new Unknown(opcode.name() + " without .sync is not known");
        }
        return switch (opcode.name()) {
            case "shfl" -> shuffle(opcode, x);
            case "vote" -> vote(opcode, x);
            case "match" -> match(opcode, x);
            case "redux" -> reduce(opcode, x);
            default -> elect(x);
        };
    }

    private static Together shuffle(Opcode opcode, Operands x) {
        var mode = opcode.next();
        opcode.type();
        int[] d = x.results(0, Type.B32, Type.PRED);
        int a = x.word(1);
        int b = x.word(2);
        int c = x.word(3);
        int way = List.of("up", "down", "bfly", "idx").indexOf(mode);
        if (way < 0) {
            throw new Unknown("." + mode + " is no way to shuffle");
        }
        return new Exchange(x.word(4), (warp, mask) -> {
            var values = new int[Registers.LANES];
            int valid = 0;
            for (int k = 0; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    int source = source(way, k, warp.words[b + k], warp.words[c + k]);
                    valid |= source >= 0 ? 1 << k : 0;
                    int lane = source < 0 ? k : source;
                    if ((mask >>> lane & 1) == 0) {
                        throw warp.fault(k, "the shuffle reads lane %d, which does not take part".formatted(lane));
                    }
                    values[k] = warp.words[a + lane];
                }
            }
            for (int k = 0; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    warp.words[d[0] + k] = values[k];
                }
            }
            if (d[1] >= 0) {
                warp.predicates[d[1]] = warp.predicates[d[1]] & ~mask | valid;
            }
        });
    }

    /// The lane that `lane` reads, or -1 if that lies outside of its segment.
    private static int source(int way, int lane, int b, int c) {
        int segment = c >>> 8 & 31;
        int clamp = c & 31;
        int by = b & 31;
        int most = lane & segment | clamp & ~segment;
        int least = lane & segment;
        return switch (way) {
            case 0 -> lane - by >= most ? lane - by : -1;
            case 1 -> lane + by <= most ? lane + by : -1;
            case 2 -> (lane ^ by) <= most ? lane ^ by : -1;
            default -> {
                int index = least | by & ~segment;
                yield index <= most ? index : -1;
            }
        };
    }

    private static Together vote(Opcode opcode, Operands x) {
        var how = opcode.next();
        opcode.type();
        boolean ballot = how.equals("ballot");
        int d = ballot ? x.word32(0) : x.result(0, Type.PRED);
        int a = x.predicate(1);
        return new Exchange(x.word(2), (warp, mask) -> {
            int yes = warp.bits(a) & mask;
            boolean truth = switch (how) {
                case "all" -> yes == mask;
                case "any" -> yes != 0;
                case "uni" -> yes == mask || yes == 0;
                default -> false;
            };
            for (int k = 0; ballot && k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    warp.words[d + k] = yes;
                }
            }
            if (!ballot) {
                warp.predicates[d] = warp.predicates[d] & ~mask | (truth ? mask : 0);
            }
        });
    }

    private static Together match(Opcode opcode, Operands x) {
        boolean all = opcode.next().equals("all");
        var type = opcode.type();
        int[] d = x.results(0, Type.B32, Type.PRED);
        var a = x.source(1, type.bits);
        return new Exchange(x.word(2), (warp, mask) -> {
            var same = new int[Registers.LANES];
            for (int k = 0; k < Registers.LANES; k++) {
                for (int j = 0; j < Registers.LANES; j++) {
                    boolean both = (mask >>> k & 1) != 0 && (mask >>> j & 1) != 0;
                    same[k] |= both && Loops.get(warp, a, j) == Loops.get(warp, a, k) ? 1 << j : 0;
                }
            }
            boolean one = true;
            for (int k = 0; k < Registers.LANES; k++) {
                one &= (mask >>> k & 1) == 0 || same[k] == mask;
            }
            for (int k = 0; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    warp.words[d[0] + k] = !all ? same[k] : one ? mask : 0;
                }
            }
            if (d[1] >= 0) {
                warp.predicates[d[1]] = warp.predicates[d[1]] & ~mask | (one ? mask : 0);
            }
        });
    }

    private static Together reduce(Opcode opcode, Operands x) {
        var name = opcode.next();
        var type = opcode.type();
        int d = x.word32(0);
        int a = x.word(1);
        return new Exchange(x.word(2), (warp, mask) -> {
            int result = warp.words[a + Integer.numberOfTrailingZeros(mask)];
            for (int k = Integer.numberOfTrailingZeros(mask) + 1; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    result = reduced(name, type, result, warp.words[a + k]);
                }
            }
            for (int k = 0; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    warp.words[d + k] = result;
                }
            }
        });
    }

    private static int reduced(String name, Type type, int a, int b) {
        boolean less = type.signed() ? a < b : Integer.compareUnsigned(a, b) < 0;
        return switch (name) {
            case "add" -> a + b;
            case "min" -> less ? a : b;
            case "max" -> less ? b : a;
            case "and" -> a & b;
            case "or" -> a | b;
            case "xor" -> a ^ b;
            default -> throw new Unknown("." + name + " is no reduction");
        };
    }

    private static Together elect(Operands x) {
        int[] d = x.results(0, Type.B32, Type.PRED);
        return new Exchange(x.word(1), (warp, mask) -> {
            int lane = Integer.numberOfTrailingZeros(mask);
            for (int k = 0; k < Registers.LANES; k++) {
                if ((mask >>> k & 1) != 0) {
                    warp.words[d[0] + k] = lane;
                }
            }
            if (d[1] >= 0) {
                warp.predicates[d[1]] = warp.predicates[d[1]] & ~mask | 1 << lane;
            }
        });
    }
}
