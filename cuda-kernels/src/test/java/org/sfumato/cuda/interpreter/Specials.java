package org.sfumato.cuda.interpreter;

import java.util.Set;

/// Special registers: where a thread is, how large the grid is. Source: NVIDIA, PTX ISA 9.0, chapter 10.
final class Specials {
    private static final Set<String> WORDS = Set.of("%tid.x", "%tid.y", "%tid.z", "%ntid.x", "%ntid.y", "%ntid.z",
            "%ctaid.x", "%ctaid.y", "%ctaid.z", "%nctaid.x", "%nctaid.y", "%nctaid.z", "%laneid", "%warpid",
            "%nwarpid", "%smid", "%nsmid", "%lanemask_eq", "%lanemask_lt", "%lanemask_le", "%lanemask_gt",
            "%lanemask_ge", "%dynamic_smem_size", "%total_smem_size", "%clock");
    private static final Set<String> LONGS = Set.of("%clock64", "%globaltimer", "%gridid");

    private Specials() { }

    static boolean knows(String name) {
        return WORDS.contains(name) || LONGS.contains(name);
    }

    static int bits(String name) {
        return LONGS.contains(name) ? 64 : 32;
    }

    /// The value for `lane` of `warp`. Clocks count instructions, as of the start of the block.
    static long value(String name, Warp warp, int lane) {
        var grid = warp.block().launch().grid();
        int thread = warp.number() * Registers.LANES + lane;
        return switch (name) {
            case "%tid.x" -> thread % grid.blockX();
            case "%tid.y" -> thread / grid.blockX() % grid.blockY();
            case "%tid.z" -> thread / grid.blockX() / grid.blockY();
            case "%ntid.x" -> grid.blockX();
            case "%ntid.y" -> grid.blockY();
            case "%ntid.z" -> grid.blockZ();
            case "%ctaid.x" -> warp.block().x();
            case "%ctaid.y" -> warp.block().y();
            case "%ctaid.z" -> warp.block().z();
            case "%nctaid.x" -> grid.gridX();
            case "%nctaid.y" -> grid.gridY();
            case "%nctaid.z" -> grid.gridZ();
            case "%laneid" -> lane;
            case "%warpid" -> warp.number();
            case "%nwarpid" -> warp.block().warps();
            case "%nsmid" -> 1;
            case "%smid", "%gridid" -> 0;
            case "%lanemask_eq" -> 1L << lane;
            case "%lanemask_lt" -> (1L << lane) - 1;
            case "%lanemask_le" -> (2L << lane) - 1;
            case "%lanemask_gt" -> ~((2L << lane) - 1);
            case "%lanemask_ge" -> ~((1L << lane) - 1);
            case "%dynamic_smem_size" -> grid.sharedBytes();
            case "%total_smem_size" -> grid.sharedBytes() + warp.block().launch().program().sharedBytes();
            case "%clock", "%clock64", "%globaltimer" -> warp.block().launch().steps();
            default -> throw new AssertionError(name);
        };
    }

    /// True if the value differs between the blocks of a launch.
    static boolean ofBlock(String name) {
        return name.startsWith("%ctaid") || name.startsWith("%clock") || name.equals("%globaltimer");
    }
}
