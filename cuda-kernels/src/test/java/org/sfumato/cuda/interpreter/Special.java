package org.sfumato.cuda.interpreter;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/// Special registers: where a thread is, how large the grid is. Source: NVIDIA, PTX ISA 9.0, chapter 10.
enum Special {
    TID_X, TID_Y, TID_Z, NTID_X, NTID_Y, NTID_Z, CTAID_X, CTAID_Y, CTAID_Z, NCTAID_X, NCTAID_Y, NCTAID_Z, LANEID,
    WARPID, NWARPID, SMID, NSMID, GRIDID, LANEMASK_EQ, LANEMASK_LT, LANEMASK_LE, LANEMASK_GT, LANEMASK_GE,
    DYNAMIC_SMEM_SIZE, TOTAL_SMEM_SIZE, CLOCK, CLOCK64, GLOBALTIMER;

    private static final Map<String, Special> BY_NAME = byName();

    private static Map<String, Special> byName() {
        var result = new HashMap<String, Special>();
        for (var special : values()) {
            var name = "%" + special.name().toLowerCase(Locale.ROOT);
            boolean part = name.endsWith("_x") || name.endsWith("_y") || name.endsWith("_z");
            result.put(part ? name.replace('_', '.') : name, special);
        }
        return result;
    }

    /// The register that PTX calls `name`.
    static Optional<Special> of(String name) {
        return Optional.ofNullable(BY_NAME.get(name));
    }

    int bits() {
        return this == CLOCK64 || this == GLOBALTIMER || this == GRIDID ? 64 : 32;
    }

    /// True if the value differs between the blocks of a launch; it is then the same for all lanes.
    boolean ofBlock() {
        return switch (this) {
            case CTAID_X, CTAID_Y, CTAID_Z, CLOCK, CLOCK64, GLOBALTIMER -> true;
            default -> false;
        };
    }

    /// The value for `lane` of `warp`. Clocks count branches, as of the start of the block.
    long value(Warp warp, int lane) {
        var grid = warp.block().launch().grid();
        int thread = warp.number() * Registers.LANES + lane;
        return switch (this) {
            case TID_X -> thread % grid.blockX();
            case TID_Y -> thread / grid.blockX() % grid.blockY();
            case TID_Z -> thread / grid.blockX() / grid.blockY();
            case NTID_X -> grid.blockX();
            case NTID_Y -> grid.blockY();
            case NTID_Z -> grid.blockZ();
            case CTAID_X -> warp.block().x();
            case CTAID_Y -> warp.block().y();
            case CTAID_Z -> warp.block().z();
            case NCTAID_X -> grid.gridX();
            case NCTAID_Y -> grid.gridY();
            case NCTAID_Z -> grid.gridZ();
            case LANEID -> lane;
            case WARPID -> warp.number();
            case NWARPID -> warp.block().warps();
            case NSMID -> 1;
            case SMID, GRIDID -> 0;
            case LANEMASK_EQ -> 1L << lane;
            case LANEMASK_LT -> (1L << lane) - 1;
            case LANEMASK_LE -> (2L << lane) - 1;
            case LANEMASK_GT -> ~((2L << lane) - 1);
            case LANEMASK_GE -> ~((1L << lane) - 1);
            case DYNAMIC_SMEM_SIZE -> grid.sharedBytes();
            case TOTAL_SMEM_SIZE -> grid.sharedBytes() + warp.block().launch().program().sharedBytes();
            case CLOCK, CLOCK64, GLOBALTIMER -> warp.block().launch().steps();
        };
    }
}
