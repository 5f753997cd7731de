package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.expr.Expr;
import org.sfumato.tensor.op.Pointwise;

class CudaGraphTest {
    private static final Device DEVICE = Device.of("ptx:3");
    private static final Pointwise STEP = Pointwise.of("step", Expr.arg(0).sub(Expr.arg(1).mul(.1)));

    /// Ten steps of gradient descent on `|x - target|^2 / 2`, all but the first by replay, are those of the processor.
    @Test
    void replaysGoOnFromWhatTheLastOneLeft() {
        Scope.temporary(() -> {
            var here = descend(Device.CPU, false);
            var there = descend(DEVICE, true);
            assertThat(there).isEqualTo(here);
        });
    }

    private static float[] descend(Device device, boolean graph) {
        var x = Tensor.of(1f, 2f, 3f, 4f, 5f).to(device).copy();
        var target = Tensor.of(0f, 0f, 1f, -1f, 7f).to(device);
        Runnable step = () -> Scope.temporary(() -> {
            var gradient = x.sub(target);
            Dispatch.into(STEP, new Tensor[] {x, gradient}, new Tensor[] {x});
        });
        step.run();
        if (!graph) {
            for (int i = 0; i < 9; i++) {
                step.run();
            }
            return x.toFloats();
        }
        try (var captured = CudaGraph.capture(device, step)) {
            var before = x.toFloats();
            assertThat(x.toFloats()).as("a capture computes nothing").isEqualTo(before);
            for (int i = 0; i < 9; i++) {
                captured.replay();
                Tensor.full(Shape.of(64), 1e9, DType.F32, device).close();      // other work takes other memory
            }
        }
        return x.toFloats();
    }

    @Test
    void resultsOfAReplayCanBeRead() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f).to(DEVICE).copy();
            var result = new Tensor[1];
            try (var graph = CudaGraph.capture(DEVICE, () -> result[0] = x.mul(2))) {
                graph.replay();
                assertThat(result[0].toFloats()).containsExactly(2, 4);
                Dispatch.into(STEP, new Tensor[] {x, x}, new Tensor[] {x});
                graph.replay();
                assertThat(result[0].toFloats()).containsExactly(1.8f, 3.6f);
            }
        });
    }

    @Test
    void whatCannotBeNotedIsRefusedAndTheDeviceGoesOn() {
        Scope.temporary(() -> {
            var x = Tensor.of(1f, 2f).to(DEVICE).copy();
            assertThatThrownBy(() -> CudaGraph.capture(DEVICE, () -> x.add(1).toFloats()))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("a graph is being captured");
            assertThat(x.add(1).toFloats()).containsExactly(2, 3);
            assertThatThrownBy(() -> CudaGraph.capture(Device.CPU, () -> { }))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'cpu' is no CUDA device");
        });
    }

    @Test
    void aClosedGraphGivesItsMemoryBack() {
        Scope.temporary(() -> {
            var x = Tensor.full(Shape.of(1000, 1000), 1, DType.F32, DEVICE);
            long before = Backends.of(DEVICE).reserved();
            var graph = CudaGraph.capture(DEVICE, () -> Scope.temporary(() -> {
                x.add(1);
            }));
            assertThat(Backends.of(DEVICE).reserved()).isGreaterThan(before);
            graph.close();
            assertThat(Backends.of(DEVICE).reserved()).isEqualTo(before);
            assertThatThrownBy(graph::replay).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        });
    }
}
