package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.interpreter.Opcode.Unknown;

/// From an opcode and its operands to an action.
final class Decoder {
    private Decoder() { }

    /// @throws Unknown if the instruction is not known
    static Action decode(Opcode opcode, Operands x) {
        return switch (opcode.name()) {
            case "mov" -> Moves.mov(opcode, x);
            case "cvta" -> Moves.cvta(opcode, x);
            case "isspacep" -> Moves.isspacep(opcode, x);
            case "activemask" -> Moves.activemask(opcode, x);
            case "ld", "ldu" -> Accesses.load(opcode, x);
            case "st" -> Accesses.store(opcode, x);
            case "atom", "red" -> Atomics.decode(opcode, x);
            case "cp" -> Copies.decode(opcode, x);
            case "cvt" -> Conversions.decode(opcode, x);
            case "setp" -> Comparisons.setp(opcode, x);
            case "set" -> Comparisons.set(opcode, x);
            case "selp" -> Comparisons.selp(opcode, x);
            case "slct" -> Comparisons.slct(opcode, x);
            case "testp" -> Comparisons.testp(opcode, x);
            case "and", "or", "xor", "not", "cnot", "shl", "shr", "lop3", "shf", "bfe", "bfi", "prmt", "popc", "clz",
                 "brev", "bfind", "bmsk", "szext" -> Logic.decode(opcode, x);
            case "shfl", "vote", "match", "redux", "elect" -> Exchanges.decode(opcode, x);
            case "ldmatrix", "stmatrix", "movmatrix", "mma" -> Matrices.decode(opcode, x);
            case "bar", "barrier" -> barrier(opcode, x);
            case "trap" -> new Action.Trap();
            case "membar", "fence", "prefetch", "prefetchu", "nanosleep", "discard", "griddepcontrol", "applypriority",
                 "brkpt", "pmevent" -> nothing(opcode, x);
            default -> arithmetic(opcode, x);
        };
    }

    private static Action nothing(Opcode opcode, Operands x) {
        x.ignore();
        while (!opcode.peek().isEmpty()) {
            opcode.next();
        }
        return (Action.Lanes) (warp, from, to) -> { };
    }

    private static Action arithmetic(Opcode opcode, Operands x) {
        boolean sets = opcode.take("cc");
        if (sets || Carries.names(opcode)) {
            return Carries.decode(opcode, sets, x);
        }
        var type = opcode.resultType();
        boolean half = type == Type.F16 || type == Type.BF16 || type.packed();
        return switch (opcode.name()) {
            case "add", "sub", "mul", "div", "min", "max", "neg", "abs", "mad" -> half
                    ? Halves.decode(opcode, opcode.type(), x) : type.integer() ? Integers.decode(opcode, x)
                    : Floats.decode(opcode, x);
            case "fma", "ex2", "tanh", "copysign" -> half ? Halves.decode(opcode, opcode.type(), x)
                    : Floats.decode(opcode, x);
            case "rcp", "sqrt", "rsqrt", "lg2", "sin", "cos" -> Floats.decode(opcode, x);
            case "rem", "mul24", "mad24", "sad", "dp4a" -> Integers.decode(opcode, x);
            default -> throw new Unknown("instruction " + opcode.name() + " is not known");
        };
    }

    private static Action barrier(Opcode opcode, Operands x) {
        if (opcode.take("warp")) {
            opcode.ignore("sync");
            return Exchanges.barrier(x);
        }
        opcode.ignore("cta", "aligned");
        if (opcode.take("sync")) {
            int threads = x.count() > 1 ? x.word(1) : -1;
            return new Action.Barrier(x.word(0), threads, new Action.Vote("none", 0, 0));
        } else if (opcode.take("red")) {
            var how = opcode.takeOne("popc", "and", "or").orElseThrow(() -> new Unknown("a reduction is missing"));
            opcode.type();
            boolean counted = x.count() > 3;
            int result = how.equals("popc") ? x.word32(0) : x.result(0, Type.PRED);
            var vote = new Action.Vote(how, x.predicate(counted ? 3 : 2), result);
            return new Action.Barrier(x.word(1), counted ? x.word(2) : -1, vote);
        }
        throw new Unknown("this barrier is not known");
    }
}
