package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.Driver.Grid;

/// What lanes tell each other, by the definitions of CUDA's warp functions.
class ExchangesTest {
    private static final long[] TENS = java.util.stream.LongStream.range(0, 32).map(i -> 10 * i).toArray();

    /// The value of lane i comes from lane `source(i)`.
    private static void shuffled(String instruction, IntUnaryOperator source) {
        var got = new Probe(instruction, Type.B32, Type.B32).run(TENS);
        assertThat(got).as(instruction).isEqualTo(Arrays.stream(TENS).map(v -> 10 * source.applyAsInt((int) v / 10))
                .toArray());
    }

    @Test
    void shufflesOfAWarpAndOfItsParts() {
        // The last operand but one: 32 - width in bits 8 to 12, and the clamp, 31 or 0, below.
        shuffled("shfl.sync.down.b32 %d, %a, 3, 31, -1;", i -> i + 3 < 32 ? i + 3 : i);
        shuffled("shfl.sync.down.b32 %d, %a, 3, 0x181f, -1;", i -> i % 8 + 3 < 8 ? i + 3 : i);
        shuffled("shfl.sync.up.b32 %d, %a, 2, 0, -1;", i -> i >= 2 ? i - 2 : i);
        shuffled("shfl.sync.up.b32 %d, %a, 2, 0x1800, -1;", i -> i % 8 >= 2 ? i - 2 : i);
        shuffled("shfl.sync.bfly.b32 %d, %a, 5, 31, -1;", i -> i ^ 5);
        shuffled("shfl.sync.bfly.b32 %d, %a, 9, 0x181f, -1;", i -> (i ^ 9) / 8 <= i / 8 ? i ^ 9 : i);
        shuffled("shfl.sync.idx.b32 %d, %a, 7, 31, -1;", i -> 7);
        shuffled("shfl.sync.idx.b32 %d, %a, 3, 0x181f, -1;", i -> i / 8 * 8 + 3);
    }

    @Test
    void aShuffleSaysWhetherItsSourceWasInside() {
        var got = new Probe("shfl.sync.down.b32 %d|%p, %a, 30, 31, -1; selp.u32 %d, 1, 0, %p;", Type.B32, Type.B32)
                .run(TENS);
        assertThat(got).isEqualTo(java.util.stream.LongStream.range(0, 32).map(i -> i < 2 ? 1 : 0).toArray());
    }

    @Test
    void votesOfTheLanesThatTakePart() {
        var text = "setp.ge.u32 %%p, %%a, 200; vote.sync.%s %%d, %%p, -1;";
        assertThat(new Probe(text.formatted("ballot.b32"), Type.B32, Type.B32).run(TENS)).containsOnly(0xFFF00000L);
        var predicate = "setp.ge.u32 %%p, %%a, %d; vote.sync.%s.pred %%q, %%p, -1; selp.u32 %%d, 1, 0, %%q;";
        assertThat(new Probe(predicate.formatted(200, "any"), Type.B32, Type.B32).run(TENS)).containsOnly(1);
        assertThat(new Probe(predicate.formatted(200, "all"), Type.B32, Type.B32).run(TENS)).containsOnly(0);
        assertThat(new Probe(predicate.formatted(0, "all"), Type.B32, Type.B32).run(TENS)).containsOnly(1);
        assertThat(new Probe(predicate.formatted(999, "any"), Type.B32, Type.B32).run(TENS)).containsOnly(0);
        assertThat(new Probe(predicate.formatted(999, "uni"), Type.B32, Type.B32).run(TENS)).containsOnly(1);
        assertThat(new Probe("""
                setp.ge.u32 %p, %a, 200;
                @%p bra LATE;
                vote.sync.ballot.b32 %d, %p, 0xfffff;
                bra END;
                LATE: vote.sync.ballot.b32 %d, %p, 0xfff00000;
                END:""", Type.B32, Type.B32).run(TENS)).isEqualTo(
                java.util.stream.LongStream.range(0, 32).map(i -> i < 20 ? 0 : 0xFFF00000L).toArray());
    }

    @Test
    void matchesReductionsAndElection() {
        var values = new long[32];
        Arrays.setAll(values, i -> i % 3);
        var any = new Probe("match.any.sync.b32 %d, %a, -1;", Type.B32, Type.B32).run(values);
        for (int i = 0; i < 32; i++) {
            long same = 0;
            for (int j = 0; j < 32; j++) {
                same |= values[j] == values[i] ? 1L << j : 0;
            }
            assertThat(any[i]).isEqualTo(same);
        }
        assertThat(new Probe("match.all.sync.b32 %d|%p, %a, -1;", Type.B32, Type.B32).run(values)).containsOnly(0);
        assertThat(new Probe("match.all.sync.b32 %d|%p, %a, -1;", Type.B32, Type.B32).run(new long[32]))
                .containsOnly(0xFFFFFFFFL);
        assertThat(new Probe("redux.sync.add.u32 %d, %a, -1;", Type.B32, Type.B32).run(TENS)).containsOnly(4960);
        assertThat(new Probe("redux.sync.max.s32 %d, %a, -1;", Type.B32, Type.B32).run(TENS)).containsOnly(310);
        assertThat(new Probe("redux.sync.min.u32 %d, %a, -1;", Type.B32, Type.B32).run(TENS)).containsOnly(0);
        assertThat(new Probe("elect.sync %d|%p, -1;", Type.B32, Type.B32).run(TENS)).containsOnly(0);
    }

    @Test
    void barriersThatCount() {
        var body = """
                .reg .b32 %t, %n, %m;
                .reg .b64 %o;
                .reg .pred %p, %q, %r;
                mov.u32 %t, %tid.x;
                setp.lt.u32 %p, %t, 40;
                barrier.cta.red.popc.aligned.u32 %n, 0, %p;
                bar.red.and.pred %q, 0, %p;
                bar.red.or.pred %r, 0, %p;
                @%q add.u32 %n, %n, 1000;
                @%r add.u32 %n, %n, 2000;
                ld.param.u64 %o, [p0];
                mad.wide.u32 %o, %t, 4, %o;
                st.global.u32 [%o], %n;
                ret;""";
        var rig = Rig.of(1, body);
        long out = rig.ints(new int[64]);
        rig.launch("k", Grid.of(1, 64), out);
        assertThat(rig.intsAt(out, 64)).containsOnly(2040);
    }

    /// A warp whose lanes leave a loop one after another is whole again behind it.
    @Test
    void lanesThatHavePartedMeetAgain() {
        var got = new Probe("""
                .reg .b32 %i;
                mov.u32 %d, 0;
                LOOP:
                setp.ge.u32 %p, %d, %a;
                @%p bra OUT;
                add.u32 %d, %d, 10;
                bra LOOP;
                OUT:
                activemask.b32 %i;
                shfl.sync.bfly.b32 %d, %d, 31, 31, -1;
                and.b32 %d, %d, %i;""", Type.B32, Type.B32).run(TENS);
        assertThat(got).isEqualTo(java.util.stream.LongStream.range(0, 32).map(i -> 10 * (31 - i)).toArray());
    }
}
