package org.sfumato.cuda.interpreter;

/// The threads of one block, warp after warp from barrier to barrier. It serves all blocks of a launch, and of later
/// launches of the same shape.
final class Block {
    private Launch launch;
    private final Warp[] warps;
    private final SharedMemory shared;
    private final int threads;
    private int x;
    private int y;
    private int z;

    Block(Launch launch) {
        this.launch = launch;
        var grid = launch.grid();
        threads = grid.blockX() * grid.blockY() * grid.blockZ();
        var program = launch.program();
        shared = new SharedMemory(program.dynamicAt(), grid.sharedBytes(), program.redZones());
        warps = new Warp[(threads + Registers.LANES - 1) / Registers.LANES];
        for (int w = 0; w < warps.length; w++) {
            warps[w] = new Warp(this, w);
        }
    }

    /// True if this can run the blocks of `next`.
    boolean fits(Launch next) {
        var a = launch.grid();
        var b = next.grid();
        return launch.program() == next.program() && a.sharedBytes() == b.sharedBytes() && a.blockX() == b.blockX()
                && a.blockY() == b.blockY() && a.blockZ() == b.blockZ();
    }

    /// Takes up another launch, which fits.
    void begin(Launch next) {
        launch = next;
        for (var warp : warps) {
            warp.begin();
        }
    }

    /// Runs block (x, y, z) from its beginning to its end.
    void run(int blockX, int blockY, int blockZ) {
        x = blockX;
        y = blockY;
        z = blockZ;
        shared.start();
        for (int w = 0; w < warps.length; w++) {
            warps[w].start(Math.min(threads - w * Registers.LANES, Registers.LANES));
        }
        boolean more = true;
        while (more) {
            more = false;
            for (var warp : warps) {
                warp.run();
                more |= warp.live() != 0;
            }
            if (more) {
                barrier();
            }
        }
    }

    /// All warps that live wait at a barrier: it must be one and the same.
    private void barrier() {
        Warp first = null;
        int alive = 0;
        for (var warp : warps) {
            if (warp.live() == 0) {
                continue;
            }
            alive += Integer.bitCount(warp.live());
            if (first == null) {
                first = warp;
            } else if (first.barrier() != warp.barrier()) {
                throw warp.fault(Integer.numberOfTrailingZeros(warp.live()),
                        "divergent barrier: threads of warp %d wait at line %d".formatted(first.number(),
                                first.barrierInstruction().line()));
            }
        }
        var barrier = (Action.Barrier) first.barrierInstruction().action();
        int lane = Integer.numberOfTrailingZeros(first.live());
        int wanted = barrier.threads() < 0 ? -1 : first.words[barrier.threads() + lane];
        if (wanted >= 0 && wanted != warps.length * Registers.LANES && wanted != threads) {
            throw first.fault(lane, "a barrier for %d threads of a block of %d is not known here".formatted(wanted,
                    threads));
        }
        if (!barrier.vote().how().equals("none")) {
            vote(barrier.vote(), alive);
        }
        shared.barrier();
        for (var warp : warps) {
            if (warp.live() != 0) {
                warp.release();
            }
        }
    }

    private void vote(Action.Vote vote, int alive) {
        int count = 0;
        for (var warp : warps) {
            count += Integer.bitCount(warp.bits(vote.predicate()) & warp.live());
        }
        boolean truth = vote.how().equals("and") ? count == alive : count > 0;
        for (var warp : warps) {
            if (vote.how().equals("popc")) {
                java.util.Arrays.fill(warp.words, vote.result(), vote.result() + Registers.LANES, count);
            } else {
                warp.predicates[vote.result()] = truth ? -1 : 0;
            }
        }
    }

    long executed() {
        long sum = 0;
        for (var warp : warps) {
            sum += warp.executed();
        }
        return sum;
    }

    Launch launch() {
        return launch;
    }

    SharedMemory shared() {
        return shared;
    }

    int warps() {
        return warps.length;
    }

    int x() {
        return x;
    }

    int y() {
        return y;
    }

    int z() {
        return z;
    }
}
