package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sfumato.cuda.Driver.Grid;

/// Each fault is planted and found, and the same kernel without it passes.
class FaultsTest {
    private static final Grid ONE_WARP = Grid.of(1, 32);
    private static final Grid TWO_WARPS = Grid.of(1, 64);
    /// Thread t writes word t of shared memory and reads the one that the next thread wrote.
    private static final String NEIGHBOUR = """
            .shared .align 4 .b32 s[64];
            .reg .b32 %t, %a, %u;
            .reg .b64 %o;
            mov.u32 %t, %tid.x;
            shl.b32 %a, %t, 2;
            mov.u32 %u, s;
            add.u32 %a, %a, %u;
            st.shared.u32 [%a], %t;
            bar.sync 0;
            xor.b32 %a, %a, 128;
            ld.shared.u32 %t, [%a];
            ret;""";
    /// Thread t reads and writes word t of a device array.
    private static final String DEVICE = """
            .reg .b32 %t, %v;
            .reg .b64 %p;
            ld.param.u64 %p, [p0];
            mov.u32 %t, %tid.x;
            mad.wide.u32 %p, %t, 4, %p;
            ld.global.u32 %v, [%p];
            st.global.u32 [%p], %v;
            ret;""";

    private static void fine(String body, Grid grid) {
        Rig.of(0, body).launch("k", grid);
    }

    private static void found(String body, Grid grid, String... parts) {
        assertThatThrownBy(() -> Rig.of(0, body).launch("k", grid)).isInstanceOf(Fault.class)
                .hasMessageContainingAll(parts);
    }

    private static String planted(String text, String right, String wrong) {
        assertThat(text).contains(right);
        return text.replaceFirst(java.util.regex.Pattern.quote(right), wrong);
    }

    // device memory

    @Test
    void loadsAndStoresOutsideOfAnAllocation() {
        var rig = Rig.of(1, DEVICE);
        rig.launch("k", ONE_WARP, rig.ints(new int[32]));
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, rig.ints(new int[31]))).isInstanceOf(Fault.class)
                .hasMessageContainingAll("k: load out of bounds", "block (0, 0, 0)", "thread (31, 0, 0)", "line 11",
                        "`ld.global.u32 %v, [%p];`", "byte 124 of an allocation of 124");
        var stores = Rig.of(1, planted(DEVICE, "ld.global.u32 %v, [%p]", "mov.u32 %v, 1"));
        assertThatThrownBy(() -> stores.launch("k", ONE_WARP, stores.ints(new int[31]))).isInstanceOf(Fault.class)
                .hasMessageContaining("store out of bounds");
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, 64L)).hasMessageContaining("was never allocated");
    }

    @Test
    void useAfterFreeAndFreeingTwice() {
        var rig = Rig.of(1, DEVICE);
        long array = rig.ints(new int[32]);
        rig.launch("k", ONE_WARP, array);
        rig.driver.free(array);
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, array)).isInstanceOf(Fault.class)
                .hasMessageContaining("was freed (128 bytes)");
        assertThatThrownBy(() -> rig.driver.free(array)).isInstanceOf(Fault.class).hasMessageContaining("was freed");
        assertThatThrownBy(() -> rig.driver.fill(array, (byte) 0, 4)).isInstanceOf(Fault.class);
    }

    @Test
    void misalignedAccessAndMisalignedVectors() {
        var rig = Rig.of(1, DEVICE);
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, rig.ints(new int[40]) + 2)).isInstanceOf(Fault.class)
                .hasMessageContaining("misaligned access to device memory of 4 bytes");
        var vectors = Rig.of(1, """
                .reg .b32 %v<4>;
                .reg .b64 %p;
                ld.param.u64 %p, [p0];
                ld.global.v4.u32 {%v0, %v1, %v2, %v3}, [%p];
                ret;""");
        vectors.launch("k", ONE_WARP, vectors.ints(new int[8]));
        assertThatThrownBy(() -> vectors.launch("k", ONE_WARP, vectors.ints(new int[8]) + 8)).isInstanceOf(Fault.class)
                .hasMessageContaining("misaligned access to device memory of 16 bytes");
    }

    @Test
    void storesToConstantMemory() {
        var text = """
                .const .align 4 .b32 c[2] = {3, 4};
                .visible .entry k()
                {
                .reg .b64 %p;
                .reg .b32 %v;
                mov.u64 %p, c;
                ld.const.u32 %v, [%p+4];
                ACCESS
                ret;
                }
                """;
        new Rig(text.replace("ACCESS", "")).launch("k", ONE_WARP);
        assertThatThrownBy(() -> new Rig(text.replace("ACCESS", "st.global.u32 [%p], %v;")).launch("k", ONE_WARP))
                .isInstanceOf(Fault.class).hasMessageContaining("store to constant memory");
    }

    // shared memory

    @Test
    void aMissingBarrierIsARace() {
        fine(NEIGHBOUR, TWO_WARPS);
        found(planted(NEIGHBOUR, "bar.sync 0;", ""), TWO_WARPS, "shared byte 128 is read before it was written",
                "thread (0, 0, 0)");
        var twice = planted(NEIGHBOUR, "ret;", "BARRIER xor.b32 %a, %a, 128; st.shared.u32 [%a], %t; ret;");
        fine(planted(twice, "BARRIER", "bar.sync 0;"), TWO_WARPS);
        found(planted(twice, "BARRIER", ""), TWO_WARPS, "race: shared byte 0 is read, which warp 0 has written",
                "thread (32, 0, 0)");
    }

    @Test
    void aWriteOverWhatAnotherWarpHasJustRead() {
        var twice = planted(NEIGHBOUR, "ret;", """
                bar.sync 0;
                st.shared.u32 [%a], %t;
                xor.b32 %a, %a, 128;
                BARRIER
                ld.shared.u32 %t, [%a];
                ret;""");
        fine(planted(twice, "BARRIER", "bar.sync 0;"), TWO_WARPS);
        found(planted(twice, "BARRIER", ""), TWO_WARPS, "race: shared byte 0 is written, which warp 0 has read",
                "thread (32, 0, 0)");
    }

    @Test
    void twoWarpsWriteTheSameWord() {
        var both = planted(planted(NEIGHBOUR, "shl.b32 %a, %t, 2", "and.b32 %a, %t, MASK; shl.b32 %a, %a, 2"),
                "bar.sync 0;", "ret;");
        fine(planted(both, "MASK", "63"), TWO_WARPS);
        found(planted(both, "MASK", "31"), TWO_WARPS, "race: shared byte 0 is written, which warp 0 has written");
        var atomic = planted(planted(both, "MASK", "31"), "st.shared.u32 [%a], %t;",
                "@%z st.shared.u32 [%a], 0; bar.sync 0; red.shared.add.u32 [%a], %t;");
        fine(".reg .pred %z;\n" + planted(atomic, "shl.b32 %a, %a, 2;",
                "shl.b32 %a, %a, 2; setp.lt.u32 %z, %t, 32;"), TWO_WARPS);
    }

    @Test
    void halvesOfAWordAreNoRace() {
        var halves = """
                .shared .align 4 .b16 s[64];
                .reg .b32 %t, %a, %u;
                .reg .b16 %h;
                mov.u32 %t, %tid.x;
                and.b32 %a, %t, 31;
                shl.b32 %a, %a, 2;
                shr.u32 %u, %t, 5;
                mad.lo.u32 %a, %u, STEP, %a;
                mov.u32 %u, s;
                add.u32 %a, %a, %u;
                cvt.u16.u32 %h, %t;
                st.shared.u16 [%a], %h;
                ret;""";
        fine(planted(halves, "STEP", "2"), TWO_WARPS);
        found(planted(halves, "STEP", "0"), TWO_WARPS, "race");
    }

    @Test
    void sharedMemoryThatNobodyHasWritten() {
        found(planted(NEIGHBOUR, "st.shared.u32 [%a], %t;", ""), TWO_WARPS, "read before it was written");
        // What the block before has written is not written either.
        var secondOnly = ".reg .pred %f;\n" + planted(planted(NEIGHBOUR, "mov.u32 %u, s;",
                "mov.u32 %u, %ctaid.x; setp.eq.u32 %f, %u, 0; mov.u32 %u, s;"), "st.shared", "@%f st.shared");
        found(secondOnly, Grid.of(2, 64), "read before it was written", "block (1, 0, 0)");
        fine(secondOnly, Grid.of(1, 64));
    }

    @Test
    void sharedMemoryOutOfRangeAndBetweenVariables() {
        found(planted(NEIGHBOUR, "shl.b32 %a, %t, 2", "shl.b32 %a, %t, 3"), TWO_WARPS,
                "store out of bounds: 4 bytes at shared address 256");
        var two = ".shared .align 4 .b32 other[8];\n" + planted(planted(NEIGHBOUR, "mov.u32 %u, s",
                "mov.u32 %u, other"), "ret;", "ld.shared.u32 %t, [s]; ret;");
        found(two, TWO_WARPS, "store out of bounds: shared byte 32 belongs to no variable");
        found(planted(NEIGHBOUR, "st.shared.u32 [%a], %t", "st.shared.u32 [%a+2], %t"), TWO_WARPS, "misaligned store");
    }

    @Test
    void readsAndWritesOfACopyThatHasNotLanded() {
        var copy = """
                .shared .align 16 .b8 s[512];
                .reg .b32 %t, %a, %v;
                .reg .b64 %p;
                ld.param.u64 %p, [p0];
                mov.u32 %t, %tid.x;
                mad.wide.u32 %p, %t, 16, %p;
                shl.b32 %a, %t, 4;
                mov.u32 %v, s;
                add.u32 %a, %a, %v;
                cp.async.cg.shared.global [%a], [%p], 16;
                cp.async.commit_group;
                WAIT
                ACCESS
                ret;""";
        var reads = planted(copy, "ACCESS", "ld.shared.u32 %v, [%a];");
        var writes = planted(copy, "ACCESS", "st.shared.u32 [%a], %v;");
        launchCopy(planted(reads, "WAIT", "cp.async.wait_group 0;"), 0);
        launchCopy(planted(writes, "WAIT", "cp.async.wait_all;"), 0);
        assertThatThrownBy(() -> launchCopy(planted(reads, "WAIT", "cp.async.wait_group 1;"), 0))
                .isInstanceOf(Fault.class).hasMessageContaining("is read while warp 0 copies to it");
        assertThatThrownBy(() -> launchCopy(planted(writes, "WAIT", ""), 0)).isInstanceOf(Fault.class)
                .hasMessageContaining("is written while warp 0 copies to it");
        assertThatThrownBy(() -> launchCopy(planted(reads, "WAIT", "cp.async.wait_all;"), 8))
                .isInstanceOf(Fault.class).hasMessageContaining("misaligned copy of 16 bytes");
        assertThatThrownBy(() -> launchCopy(planted(reads, "WAIT", "cp.async.wait_all;"), 16))
                .isInstanceOf(Fault.class).hasMessageContaining("out of bounds");
    }

    private static void launchCopy(String body, int offset) {
        var rig = Rig.of(1, body);
        rig.launch("k", ONE_WARP, rig.ints(new int[128]) + offset);
    }

    /// The double-buffered product of `samples.cu`, each of whose two barriers is needed.
    @Test
    void eachBarrierOfThePipelinedProductIsNeeded() {
        var text = Rig.samples();
        int kernel = text.indexOf(".entry tensor(");
        runTensor(text);
        int first = text.indexOf("bar.sync", kernel);
        int second = text.indexOf("bar.sync", first + 1);
        for (int barrier : new int[] {first, second}) {
            var without = text.substring(0, barrier) + "// " + text.substring(barrier);
            assertThatThrownBy(() -> runTensor(without)).isInstanceOf(Fault.class).hasMessageContaining("tensor: ");
        }
    }

    private static void runTensor(String text) {
        var rig = new Rig(text);
        rig.launch("tensor", Grid.of(1, 128), rig.ints(new int[64 * 48]), rig.ints(new int[64 * 48]),
                rig.ints(new int[64 * 64]), 64, 64, 96);
    }

    // threads that wait

    @Test
    void barriersThatNotAllThreadsReach() {
        var some = """
                .reg .b32 %t;
                .reg .pred %p;
                mov.u32 %t, %tid.x;
                setp.lt.u32 %p, %t, LIMIT;
                @%p bra WAITS;
                bar.sync 0;
                bra END;
                WAITS:
                bar.sync 0;
                END:
                ret;""";
        fine(planted(some, "LIMIT", "64"), TWO_WARPS);
        fine(planted(some, "LIMIT", "0"), TWO_WARPS);
        found(planted(some, "LIMIT", "16"), ONE_WARP, "divergent barrier", "wait at line");
        found(planted(some, "LIMIT", "32"), TWO_WARPS, "divergent barrier: threads of warp 0 wait at line");
    }

    @Test
    void lanesThatAMaskNamesAndThatNeverCome() {
        var shuffle = """
                .reg .b32 %t, %v;
                .reg .pred %p;
                mov.u32 %t, %tid.x;
                setp.lt.u32 %p, %t, 16;
                @!%p bra OTHERS;
                shfl.sync.bfly.b32 %v, %t, BY, 31, MASK;
                OTHERS:
                bar.sync 0;
                ret;""";
        fine(planted(planted(shuffle, "MASK", "0xffff"), "BY", "8"), ONE_WARP);
        found(planted(planted(shuffle, "MASK", "-1"), "BY", "8"), ONE_WARP,
                "waits for lanes of its warp that will never come");
        found(planted(planted(shuffle, "MASK", "0xffff"), "BY", "16"), ONE_WARP, "the shuffle reads lane 16");
        found(planted(planted(shuffle, "MASK", "0xff00"), "BY", "8"), ONE_WARP, "does not name the thread's own lane");
    }

    @Test
    void tensorCoresWithoutAWholeWarp() {
        var load = """
                .shared .align 16 .b32 s[32];
                .reg .b32 %t, %a, %v;
                mov.u32 %t, %tid.x;
                mov.u32 %a, s;
                mad.lo.u32 %v, %t, 4, %a;
                st.shared.u32 [%v], %t;
                and.b32 %t, %t, 7;
                mad.lo.u32 %a, %t, 16, %a;
                ldmatrix.sync.aligned.m8n8.x1.shared.b16 {%v}, [%a];
                ret;""";
        fine(load, ONE_WARP);
        found(load, Grid.of(1, 31), "all 32 threads of the warp must take part");
        found(planted(load, "%a, %t, 16, %a", "%a, %t, 8, %a"), ONE_WARP, "misaligned load of 16 bytes");
    }

    @Test
    void kernelsWithoutAnEndTrapsAndDivisionByZero() {
        found("L: bra L;", ONE_WARP, "the kernel does not end");
        found("trap;", ONE_WARP, "trap");
        var divide = ".reg .b32 %t, %v; mov.u32 %t, %tid.x; add.u32 %t, %t, PLUS; div.u32 %v, 7, %t; ret;";
        fine(planted(divide, "PLUS", "1"), ONE_WARP);
        found(planted(divide, "PLUS", "0"), ONE_WARP, "integer division by zero", "thread (0, 0, 0)");
    }

    // launches

    @Test
    void argumentsOfAnotherSize() {
        var rig = Rig.of(1, DEVICE);
        long array = rig.ints(new int[32]);
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, array, array)).isInstanceOf(Fault.class)
                .hasMessageContainingAll("takes 8 bytes of arguments", "not 16");
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP, 7)).hasMessageContaining("not 4");
        assertThatThrownBy(() -> rig.launch("k", ONE_WARP)).hasMessageContaining("not 0");
    }

    @Test
    void gridsAndBlocksThatNoDeviceTakes() {
        fine("ret;", new Grid(2, 3, 4, 32, 8, 4, 100));
        found("ret;", Grid.of(1, 1025), "1 to 1024 threads");
        found("ret;", Grid.of(0, 32), "at least 1 block");
        found("ret;", Grid.of(1, 0), "1 to 1024 threads");
        found("ret;", new Grid(1, 1, 1, 1, 1, 65, 0), "at most 64 in z");
        found("ret;", new Grid(1, 65_536, 1, 1, 1, 1, 0), "at most 65535");
        found("ret;", new Grid(1, 1, 1, 1, 1, 1, 163 * 1024 + 1), "bytes of shared memory, at most 166912");
        var text = ".visible .entry k()\n.maxntid 64, 1, 1\n{ ret; }";
        new Rig(text).launch("k", TWO_WARPS);
        assertThatThrownBy(() -> new Rig(text).launch("k", Grid.of(1, 96))).hasMessageContaining("at most 64 threads");
    }
}
