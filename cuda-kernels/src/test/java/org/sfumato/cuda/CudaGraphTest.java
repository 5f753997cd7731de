package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Replay;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Source.Distribution;
import org.sfumato.tensor.spi.Graph;

/// Work that is repeated as a whole does what it does operation by operation.
class CudaGraphTest {
    private static final Device DEVICE = Device.of("ptx:3");
    private static final Pointwise STEP = Pointwise.of("step", Expr.arg(0).sub(Expr.arg(1).mul(.1)));

    /// The results of `work` for 0, 1, ..., `times - 1`, and how many of them were replays.
    private record Repeated(List<float[]> results, long replays) { }

    private static Repeated repeat(Device device, int times, IntFunction<Tensor[]> work) {
        var results = new ArrayList<float[]>();
        try (var replay = Replay.on(device, "test")) {
            for (int i = 0; i < times; i++) {
                int time = i;
                Scope.temporary(() -> results.add(replay.run(() -> work.apply(time))[0].toFloats()));
            }
            return new Repeated(results, replay.replays());
        }
    }

    private static void requireSame(Repeated actual, Repeated expected) {
        assertThat(actual.results.size()).isEqualTo(expected.results.size());
        for (int i = 0; i < expected.results.size(); i++) {
            assertThat(actual.results.get(i)).as("time " + i).isEqualTo(expected.results.get(i));
        }
    }

    /// Ten steps of gradient descent on `|x - target|^2 / 2` towards a target that moves, at a rate that falls.
    @Test
    void replaysGoOnFromWhatTheLastOneLeft() {
        Scope.temporary(() -> {
            var here = descend(Device.CPU);
            var there = descend(DEVICE);
            assertThat(here.replays).isZero();
            assertThat(there.replays).isEqualTo(9);
            requireSame(there, here);
        });
    }

    private static Repeated descend(Device device) {
        var x = Tensor.of(1f, 2f, 3f, 4f, 5f).to(device).copy();
        return repeat(device, 10, time -> {
            Tensor.full(Shape.of(64), 1e9, DType.F32, device).close();
            var target = Tensor.of(0f, 0f, time, -1f, 7f).to(device);
            var gradient = x.sub(target).mul(1 / (1.0 + time));
            Dispatch.into(STEP, new Tensor[] {x, gradient}, new Tensor[] {x});
            return new Tensor[] {x.mul(1)};
        });
    }

    /// Every kind of random number, fresh ones each time, in float and half types; dropout with its gradient's numbers.
    @Test
    void randomNumbersAreThoseOfTheirGenerator() {
        Scope.temporary(() -> {
            for (var distribution : List.of(new Distribution.Uniform(), new Distribution.Normal(),
                    new Distribution.Bernoulli(.3), new Distribution.Integers(1L << 62))) {
                for (var type : List.of(DType.F32, DType.F64, DType.BF16)) {
                    IntFunction<Tensor[]> work = time -> new Tensor[] {Tensor.random(distribution,
                            new Spec(Shape.of(3, 7), type), Rng.of(-time).fold(time), DEVICE)};
                    var there = repeat(DEVICE, 4, work);
                    assertThat(there.replays).isEqualTo(3);
                    var here = new ArrayList<float[]>();
                    for (int time = 0; time < 4; time++) {
                        here.add(work.apply(time)[0].toFloats());
                    }
                    requireSame(there, new Repeated(here, 0));
                    assertThat(here.get(2)).isNotEqualTo(here.get(3));
                }
            }
            var x = Tensor.random(new Distribution.Normal(), new Spec(Shape.of(50), DType.F32), Rng.of(1), DEVICE);
            var there = repeat(DEVICE, 4, time -> new Tensor[] {x.dropout(.4, Rng.of(time))});
            assertThat(there.replays).isEqualTo(3);
            for (int time = 0; time < 4; time++) {
                assertThat(there.results.get(time)).isEqualTo(x.dropout(.4, Rng.of(time)).toFloats());
            }
        });
    }

    @Test
    void whatDiffersRunsOneByOne() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f, 3f, 4f, 5f, 6f).to(DEVICE).copy();
            var other = x.copy();
            List<IntFunction<Tensor[]>> kinds = List.of(time -> new Tensor[] {x.add(time)},
                    time -> new Tensor[] {x.slice(0, 0, 5).add(time)},              // another shape
                    time -> new Tensor[] {x.sub(time)},                             // another operation
                    time -> new Tensor[] {other.add(time)},                         // another tensor
                    time -> new Tensor[] {x.add(Tensor.of((float) time).to(DEVICE))},       // a number from an array
                    time -> new Tensor[] {x.add(time).mul(2)},                      // more
                    time -> new Tensor[] {Tensor.full(Shape.of(6), time, DType.F32, DEVICE)});
            int[] order = {0, 0, 0, 1, 0, 2, 3, 0, 4, 5, 0, 6, 0, 0};
            var there = repeat(DEVICE, order.length, time -> kinds.get(order[time]).apply(time));
            assertThat(there.replays).isEqualTo(7);
            var here = new ArrayList<float[]>();
            for (int time = 0; time < order.length; time++) {
                here.add(kinds.get(order[time]).apply(time)[0].toFloats());
            }
            requireSame(there, new Repeated(here, 0));
        });
    }

    /// What has become another work for good is noted anew; what is another each time is not noted for ever.
    @Test
    void itIsNotedAnewAfterSomeTime() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f, 3f, 4f).to(DEVICE).copy();
            assertThat(repeat(DEVICE, 20, time -> new Tensor[] {x.slice(0, 0, time < 10 ? 4 : 3).add(time)}).replays)
                    .isEqualTo(9 + 7);
            assertThat(repeat(DEVICE, 60, time -> new Tensor[] {Tensor.full(Shape.of(1 + time), 1, DType.F32, DEVICE)})
                    .replays).isEqualTo(3);
        });
    }

    @Test
    void whatCannotBeNotedRunsAndTheDeviceGoesOn() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f).to(DEVICE).copy();
            var read = repeat(DEVICE, 4, time -> new Tensor[] {x.add(x.sum().item() + time)});
            assertThat(read.replays).isZero();
            assertThat(read.results.get(3)).containsExactly(7, 8);
            assertThatThrownBy(() -> Backends.of(DEVICE).capture(() -> x.add(1).toFloats()))
                    .isInstanceOf(Graph.Refused.class).hasMessage("it reads what it has computed");
            var times = new int[1];
            assertThatThrownBy(() -> Backends.of(DEVICE).capture(() -> x.slice(0, 0, 1 + times[0]++).add(1)))
                    .isInstanceOf(Graph.Refused.class).hasMessageContaining("does not do what it did");
            assertThat(x.add(1).toFloats()).containsExactly(2, 3);
        });
    }

    @Test
    void anErrorOfTheWorkIsThrownAndChangesNothing() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f).to(DEVICE).copy();
            try (var replay = Replay.on(DEVICE, "test")) {
                for (int i = 0; i < 5; i++) {
                    int time = i;
                    if (time % 2 == 1) {
                        assertThatThrownBy(() -> replay.run(() -> fail(x))).hasMessage("no");
                    } else {
                        replay.run(() -> new Tensor[] {x.add(time)});
                    }
                }
                assertThat(replay.run(() -> new Tensor[] {x.add(9)})[0].toFloats()).containsExactly(10, 11);
                assertThat(replay.replays()).isPositive();
            }
        });
    }

    private static Tensor[] fail(Tensor x) {
        x.add(1);
        throw new IllegalArgumentException("no");
    }

    @Test
    void memoryIsFlatAndGivenBack() {
        Scope.temporary(() -> {
            var x = Tensor.full(Shape.of(1000, 1000), 1, DType.F32, DEVICE);
            Backends.of(DEVICE).trim();
            long before = Backends.of(DEVICE).reserved();
            long live = Memory.current(DEVICE).live();
            try (var replay = Replay.on(DEVICE, "test")) {
                long[] after = new long[2];
                for (int i = 0; i < 300; i++) {
                    double time = i;
                    Scope.temporary(() -> assertThat(replay.run(() ->
                            new Tensor[] {x.slice(0, 0, 9).add(time).mul(2).sum()})[0].item())
                            .isEqualTo(2 * 9000 * (1 + time)));
                    if (i == 3) {
                        after = new long[] {Backends.of(DEVICE).reserved(), Memory.current(DEVICE).live()};
                    }
                }
                assertThat(replay.replays()).isEqualTo(299);
                assertThat(Backends.of(DEVICE).reserved()).isEqualTo(after[0]).isGreaterThan(before);
                assertThat(Memory.current(DEVICE).live()).isEqualTo(after[1]);
            }
            Backends.of(DEVICE).trim();
            assertThat(Backends.of(DEVICE).reserved()).isEqualTo(before);
            assertThat(Memory.current(DEVICE).live()).isEqualTo(live);
        });
    }

    @Test
    void aGraphThatWasClosedIsRefused() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f).to(DEVICE).copy();
            var graph = Backends.of(DEVICE).capture(() -> Scope.temporary(() -> {
                x.add(1);
            })).orElseThrow();
            graph.close();
            assertThatThrownBy(graph::replay).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
            assertThat(Backends.of(Device.CPU).capture(() -> x.add(1))).isEmpty();
        });
    }
}
