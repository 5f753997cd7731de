package org.sfumato.cuda.interpreter;

import java.lang.foreign.MemorySegment;
import java.util.Optional;
import java.util.function.Supplier;
import org.sfumato.cuda.Driver;

/// One launch of a kernel: its blocks run one after another, in the order of their index.
final class Launch {
    private static final int MOST_THREADS = 1024;
    private static final int MOST_THREADS_Z = 64;
    private static final int MOST_BLOCKS_YZ = 65_535;

    private final Program program;
    private final DeviceMemory memory;
    private final Driver.Grid grid;
    private final int[] parameters;
    private final int sharedLimit;
    private long steps;

    /// @throws Fault if the kernel cannot be launched so
    Launch(Program program, DeviceMemory memory, Driver.Grid grid, MemorySegment arguments, int sharedLimit) {
        this.program = program;
        this.memory = memory;
        this.grid = grid;
        this.sharedLimit = sharedLimit;
        check(arguments.byteSize());
        parameters = new int[(program.parameterBytes() + 3) / 4];
        MemorySegment.copy(arguments, 0, MemorySegment.ofArray(parameters), 0, arguments.byteSize());
    }

    private void check(long bytes) {
        require(bytes == program.parameterBytes(), () -> "takes %d bytes of arguments %s, not %d".formatted(
                program.parameterBytes(), program.parameters(), bytes));
        long threads = (long) grid.blockX() * grid.blockY() * grid.blockZ();
        require(grid.blockX() > 0 && grid.blockY() > 0 && grid.blockZ() > 0 && threads <= MOST_THREADS
                && grid.blockZ() <= MOST_THREADS_Z, () -> "blocks must have 1 to 1024 threads, at most 64 in z");
        require(grid.gridX() > 0 && grid.gridY() > 0 && grid.gridZ() > 0 && grid.gridY() <= MOST_BLOCKS_YZ
                && grid.gridZ() <= MOST_BLOCKS_YZ, () -> "grids must have at least 1 block, in y and z at most 65535");
        int most = program.function().maxThreads();
        require(most == 0 || threads <= most,
                () -> "a block may have at most " + most + " threads, as its .maxntid says");
        require(!program.function().required() || threads == most, () -> "a block must have " + most + " threads");
        require(grid.sharedBytes() >= 0 && program.sharedBytes() + grid.sharedBytes() <= sharedLimit,
                () -> "%d + %d bytes of shared memory, at most %d".formatted(program.sharedBytes(), grid.sharedBytes(),
                        sharedLimit));
    }

    private void require(boolean fine, Supplier<String> what) {
        if (!fine) {
            throw new Fault("%s: %s, launched with %s".formatted(program.function().name(), what.get(), grid));
        }
    }

    /// Runs all blocks in the memory of `old`, if that is there and fits.
    ///
    /// @return what they ran in, which tells how many instructions threads have executed
    Block run(Optional<Block> old) {
        var reused = old.filter(block -> block.fits(this));
        reused.ifPresent(block -> block.begin(this));
        var block = reused.orElseGet(() -> new Block(this));
        for (int z = 0; z < grid.gridZ(); z++) {
            for (int y = 0; y < grid.gridY(); y++) {
                for (int x = 0; x < grid.gridX(); x++) {
                    block.run(x, y, z);
                }
            }
        }
        return block;
    }

    /// Counts a branch or a meeting, for clocks.
    void step() {
        steps++;
    }

    long steps() {
        return steps;
    }

    Program program() {
        return program;
    }

    DeviceMemory memory() {
        return memory;
    }

    Driver.Grid grid() {
        return grid;
    }

    int[] parameters() {
        return parameters;
    }
}
