package org.sfumato.cuda.interpreter;

import java.util.Arrays;
import org.sfumato.cuda.interpreter.Instruction.Kind;

/// 32 threads of a block that run in step as far as they can. Where they part, the part that is farthest behind in the
/// text runs until it has caught up with another. Source: the order is that of Collange 2011, "Stack-less SIMT
/// reconvergence at low cost", minimal program counter first.
final class Warp {
    private static final int ALL = -1;
    private static final int MOST_STEPS = 5_000_000;

    private enum State { RUNS, WAITS, AT_BARRIER }

    final int[] words;
    final long[] longs;
    final int[] predicates;
    final int[] local;
    /// Index of the first word of the last access to memory, in the array that the access returned.
    int at;
    /// The lanes that run the present instruction.
    int active;
    /// The carry of long sums, a bit for each lane.
    int carry;
    final AsyncCopies copies = new AsyncCopies();
    final float[] scratch = new float[2 * Matrices.LARGEST];
    private final Block block;
    private final Program program;
    private final int number;
    private final int[] pcs = new int[Registers.LANES + 1];
    private final int[] masks = new int[Registers.LANES + 1];
    private final State[] states = new State[Registers.LANES + 1];
    private int parts;
    private int current;
    private int live;
    private long executed;
    private int steps;

    Warp(Block block, int number) {
        this.block = block;
        this.number = number;
        program = block.launch().program();
        var registers = program.registers();
        words = new int[registers.words()];
        longs = new long[registers.longs()];
        predicates = new int[registers.predicates()];
        local = new int[program.localBytes() / 4 * Registers.LANES];
        registers.wordConstants().forEach((value, place) -> fill(place, value));
        registers.longConstants().forEach((value, place) -> fill(place, value));
        program.dynamic().forEach(place -> fill(place, program.dynamicAt()));
        specials(false);
    }

    /// A launch begins.
    void begin() {
        executed = 0;
        specials(false);
    }

    private void fill(Registers.Place place, long value) {
        if (place.bits() == 64) {
            Arrays.fill(longs, place.index(), place.index() + Registers.LANES, value);
        } else {
            Arrays.fill(words, place.index(), place.index() + Registers.LANES, (int) value);
        }
    }

    private void specials(boolean ofBlock) {
        program.registers().specials().forEach((special, place) -> {
            if (special.ofBlock() != ofBlock) {
                return;
            } else if (ofBlock) {
                fill(place, special.value(this, 0));
                return;
            }
            for (int k = 0; k < Registers.LANES; k++) {
                long value = special.value(this, k);
                if (place.bits() == 64) {
                    longs[place.index() + k] = value;
                } else {
                    words[place.index() + k] = (int) value;
                }
            }
        });
    }

    /// Begins the kernel with the first `threads` lanes.
    void start(int threads) {
        specials(true);
        steps = 0;
        Arrays.fill(local, -1);
        copies.clear();
        live = threads >= Registers.LANES ? ALL : (1 << threads) - 1;
        parts = 1;
        set(0, 0, live, State.RUNS);
    }

    private void set(int part, int pc, int mask, State state) {
        pcs[part] = pc;
        masks[part] = mask;
        states[part] = state;
    }

    Block block() {
        return block;
    }

    int number() {
        return number;
    }

    int live() {
        return live;
    }

    /// Instructions that its threads have executed.
    long executed() {
        return executed;
    }

    /// The values of a predicate, or of its opposite if `predicate` is the complement of an index.
    int bits(int predicate) {
        return predicate >= 0 ? predicates[predicate] : ~predicates[~predicate];
    }

    /// The instruction at which the warp waits for its block.
    int barrier() {
        return pcs[0];
    }

    Instruction barrierInstruction() {
        return program.code()[pcs[0]];
    }

    /// Goes on after a barrier.
    void release() {
        set(0, pcs[0] + 1, masks[0], State.RUNS);
    }

    /// Runs until all lanes have ended or wait at a barrier.
    void run() {
        while (true) {
            int next = farthestBehind();
            if (next >= 0) {
                run(next);
            } else if (parts == 0) {
                return;
            } else {
                atRest();
                return;
            }
        }
    }

    /// The running part with the lowest instruction, joined with all that run there; -1 if none runs.
    private int farthestBehind() {
        int best = -1;
        for (int j = 0; j < parts; j++) {
            if (states[j] == State.RUNS && (best < 0 || pcs[j] < pcs[best])) {
                best = j;
            }
        }
        return best < 0 ? best : join(best);
    }

    /// Joins all parts of the same place and state; returns where the joined one is.
    private int join(int part) {
        int result = part;
        for (int j = parts - 1; j >= 0; j--) {
            if (j != result && pcs[j] == pcs[result] && states[j] == states[result]) {
                masks[result] |= masks[j];
                result = remove(j, result);
            }
        }
        return result;
    }

    /// Removes part `j`; returns where `kept` is then.
    private int remove(int j, int kept) {
        parts--;
        set(j, pcs[parts], masks[parts], states[parts]);
        return kept == parts ? j : kept;
    }

    private void run(int part) {
        int limit = Integer.MAX_VALUE;
        for (int j = 0; j < parts; j++) {
            if (j != part && states[j] == State.RUNS) {
                limit = Math.min(limit, pcs[j]);
            }
        }
        var code = program.code();
        int pc = pcs[part];
        int mask = masks[part];
        while (pc < limit) {
            var instruction = code[pc];
            current = pc;
            int m = instruction.guard() == Instruction.ALWAYS ? mask : mask & bits(instruction.guard());
            executed += Integer.bitCount(m);
            if (instruction.kind() == Kind.LANES) {
                lanes(instruction.lanes(), m);
                pc++;
            } else if (m == 0) {
                pc++;
            } else if (instruction.kind() == Kind.BRANCH && m == mask) {
                step();
                pc = ((Action.Branch) instruction.action()).target().at();
            } else {
                pcs[part] = pc;
                control(instruction, part, m);
                return;
            }
        }
        pcs[part] = pc;
    }

    /// Counts a branch or a meeting, so that a kernel without end has one.
    private void step() {
        block.launch().step();
        if (++steps > MOST_STEPS) {
            throw fault(Integer.numberOfTrailingZeros(live), "the kernel does not end");
        }
    }

    private void lanes(Action.Lanes action, int mask) {
        active = mask;
        if (mask == ALL) {
            action.run(this, 0, Registers.LANES);
            return;
        }
        int rest = mask;
        while (rest != 0) {
            int from = Integer.numberOfTrailingZeros(rest);
            int length = Integer.numberOfTrailingZeros(~(rest >>> from));
            action.run(this, from, from + length);
            rest = from + length >= Registers.LANES ? 0 : rest & ALL << from + length;
        }
    }

    /// Splits `taking` off part `part` in `state`; the others go on with the next instruction.
    private int split(int part, int taking, State state) {
        int others = masks[part] & ~taking;
        int pc = pcs[part];
        set(part, pc, taking, state);
        if (others != 0) {
            set(parts++, pc + 1, others, State.RUNS);
        }
        return part;
    }

    private void control(Instruction instruction, int part, int m) {
        step();
        switch (instruction.action()) {
            case Action.Branch branch -> {
                split(part, m, State.RUNS);
                pcs[part] = branch.target().at();
            }
            case Action.Choice choice -> {
                split(part, m, State.RUNS);
                choose(choice, part);
            }
            case Action.Exit _ -> {
                split(part, m, State.RUNS);
                live &= ~m;
                remove(part, part);
                waiting();
            }
            case Action.Trap _ -> throw fault(Integer.numberOfTrailingZeros(m), "trap");
            case Action.Barrier _ -> join(split(part, m, State.AT_BARRIER));
            case Action.Together _ -> {
                join(split(part, m, State.WAITS));
                waiting();
            }
            case Action.Lanes _ -> throw new AssertionError();
        }
    }

    private void choose(Action.Choice choice, int part) {
        int rest = masks[part];
        int pc = pcs[part];
        remove(part, part);
        while (rest != 0) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int index = words[choice.index() + lane];
            if (index < 0 || index >= choice.targets().length) {
                current = pc;
                throw fault(lane, "branch to target " + index + " of " + choice.targets().length);
            }
            set(parts++, choice.targets()[index].at(), 1 << lane, State.RUNS);
            rest &= rest - 1;
        }
        for (int j = parts - 1; j >= 0; j--) {
            if (j < parts) {
                join(j);
            }
        }
    }

    /// Lets those go on who wait for nobody any more.
    private void waiting() {
        for (int j = 0; j < parts; j++) {
            if (states[j] == State.WAITS && met(j)) {
                j = -1;                                             // parts have moved: look at all again
            }
        }
    }

    /// Runs what part `part` waits for if all lanes have come that one of its lanes names.
    private boolean met(int part) {
        current = pcs[part];
        var together = (Action.Together) program.code()[current].action();
        boolean aligned = together.aligned();
        int rest = masks[part];
        while (rest != 0) {
            int lane = Integer.numberOfTrailingZeros(rest);
            int members = aligned ? ALL : together.members(this, lane);
            if ((members >>> lane & 1) == 0) {
                throw fault(lane, "the mask 0x%08x does not name the thread's own lane".formatted(members));
            }
            if (aligned && live != ALL) {
                throw fault(lane, "all 32 threads of the warp must take part, but some have ended or never were");
            }
            int group = aligned ? rest : 0;
            for (int k = lane; !aligned && k < Registers.LANES; k++) {
                if ((rest >>> k & 1) != 0 && together.members(this, k) == members) {
                    group |= 1 << k;
                }
            }
            if ((members & live & ~group) == 0) {
                int pc = current;
                active = group;
                together.run(this, group);
                masks[part] &= ~group;
                if (masks[part] == 0) {
                    remove(part, part);
                }
                set(parts++, pc + 1, group, State.RUNS);
                return true;
            }
            rest &= ~group;
        }
        return false;
    }

    /// Nothing runs: all must be at one barrier.
    private void atRest() {
        for (int j = 0; j < parts; j++) {
            current = pcs[j];
            int lane = Integer.numberOfTrailingZeros(masks[j]);
            if (states[j] == State.WAITS) {
                throw fault(lane, "waits for lanes of its warp that will never come (waiting: 0x%08x, alive: 0x%08x)"
                        .formatted(masks[j], live));
            } else if (j > 0) {
                throw fault(lane, "divergent barrier: threads of this warp wait at line %d"
                        .formatted(program.code()[pcs[0]].line()));
            }
        }
    }

    /// A fault of `lane` at the present instruction.
    Fault fault(int lane, String what) {
        int line = program.code()[current].line();
        int thread = number * Registers.LANES + lane;
        var grid = block.launch().grid();
        return new Fault("%s: %s, block (%d, %d, %d), thread (%d, %d, %d), line %d of %s: `%s`".formatted(
                program.function().name(), what, block.x(), block.y(), block.z(), thread % grid.blockX(),
                thread / grid.blockX() % grid.blockY(), thread / grid.blockX() / grid.blockY(), line,
                program.source().name(), program.source().line(line)));
    }
}
