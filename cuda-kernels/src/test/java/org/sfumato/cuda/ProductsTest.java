package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.interpreter.InterpretedDriver;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.LinearOp;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Operand;

/// A driver's own matrix products are used for what they support, and are told rightly where operands lie.
class ProductsTest {
    private final Driver interpreter = InterpretedDriver.of(8, 0);
    private final List<Products.Shape> asked = new ArrayList<>();
    private final CudaBackend backend = new CudaBackend(Device.of("test"), (Driver) Proxy.newProxyInstance(
            Driver.class.getClassLoader(), new Class<?>[] {Driver.class}, (_, method, arguments) ->
                    method.getName().equals("products") ? Optional.of(new Host())
                            : method.invoke(interpreter, arguments)));

    /// Products by plain loops, of f32 only.
    private final class Host implements Products {
        @Override
        public boolean supports(Shape shape) {
            return shape.type() == DType.F32;
        }

        @Override
        public void multiply(Shape shape, long a, long b, long bias, long c) {
            asked.add(shape);
            for (long z = 0; z < shape.batch(); z++) {
                for (long i = 0; i < shape.m(); i++) {
                    for (long j = 0; j < shape.n(); j++) {
                        float sum = shape.bias() ? get(bias, j) : 0;
                        for (long k = 0; k < shape.k(); k++) {
                            sum += get(a, at(shape.a(), z, i, k)) * get(b, at(shape.b(), z, k, j));
                        }
                        interpreter.upload(MemorySegment.ofArray(new float[] {sum}),
                                c + 4 * ((z * shape.m() + i) * shape.n() + j));
                    }
                }
            }
        }

        private long at(Matrix matrix, long z, long row, long column) {
            return z * matrix.next() + row * matrix.row() + column * matrix.column();
        }

        private float get(long address, long index) {
            var value = new float[1];
            interpreter.download(address + 4 * index, MemorySegment.ofArray(value));
            return value[0];
        }
    }

    private Operand operand(Layout layout, float first) {
        var data = new float[(int) layout.shape().count()];
        for (int i = 0; i < data.length; i++) {
            data[i] = first + i % 7;
        }
        var buffer = backend.allocate(4L * data.length);
        backend.write(MemorySegment.ofArray(data), buffer, 0);
        return new Operand(buffer, DType.F32, layout);
    }

    private float[] run(Op op, Operand... in) {
        var specs = new Spec[in.length];
        for (int i = 0; i < in.length; i++) {
            specs[i] = in[i].spec();
        }
        var spec = op.outputs(specs)[0];
        var out = new Operand(backend.allocate(spec.bytes()), spec.dtype(), Layout.dense(spec.shape()));
        backend.run(op, in, new Operand[] {out});
        var result = new float[(int) spec.shape().count()];
        backend.read(out.buffer(), 0, MemorySegment.ofArray(result));
        return result;
    }

    /// The same by definition, from the operands' own layouts.
    private float[] expected(Operand a, Operand b, long batch, int m, int k, int n) {
        var result = new float[(int) (batch * m * n)];
        for (int z = 0; z < batch; z++) {
            for (int i = 0; i < m; i++) {
                for (int j = 0; j < n; j++) {
                    for (int l = 0; l < k; l++) {
                        result[(z * m + i) * n + j] += value(a, z, i, l) * value(b, z, l, j);
                    }
                }
            }
        }
        return result;
    }

    private float value(Operand x, int... place) {
        int rank = x.shape().rank();
        long at = x.layout().offset();
        for (int axis = 0; axis < rank; axis++) {
            at += place[place.length - rank + axis] * x.layout().strides()[axis];
        }
        var all = new float[(int) (x.buffer().bytes() / 4)];
        backend.read(x.buffer(), 0, MemorySegment.ofArray(all));
        return all[(int) at];
    }

    @Test
    void operandsAreTakenAsTheyLie() {
        var rows = Layout.dense(Shape.of(5, 6));
        var columns = Layout.dense(Shape.of(6, 5)).permute(1, 0);
        var wide = Layout.dense(Shape.of(6, 7));
        var tall = Layout.dense(Shape.of(7, 6)).permute(1, 0);
        for (var left : List.of(rows, columns)) {
            for (var right : List.of(wide, tall)) {
                var a = operand(left, -2);
                var b = operand(right, 1);
                assertThat(run(new MatMul(), a, b)).containsExactly(expected(a, b, 1, 5, 6, 7), within(1e-4f));
            }
        }
        var a = operand(Layout.dense(Shape.of(3, 5, 6)), 0);
        var b = operand(Layout.dense(Shape.of(3, 7, 6)).permute(0, 2, 1), 1);
        assertThat(run(new MatMul(), a, b)).containsExactly(expected(a, b, 3, 5, 6, 7), within(1e-4f));
        var shared = operand(wide, 2);
        assertThat(run(new MatMul(), a, shared)).containsExactly(expected(a, shared, 3, 5, 6, 7), within(1e-4f));
        assertThat(asked).hasSize(6).allSatisfy(shape -> assertThat(shape.bias()).isFalse());
        assertThat(asked.get(4).batch()).isEqualTo(3);
    }

    @Test
    void aBiasIsHandedOver() {
        var x = operand(Layout.dense(Shape.of(2, 5, 6)), 0);
        var weight = operand(Layout.dense(Shape.of(7, 6)), 1);
        var bias = operand(Layout.dense(Shape.of(7)), 100);
        var result = run(new LinearOp(), x, weight, bias);
        var flat = new Operand(x.buffer(), DType.F32, Layout.dense(Shape.of(10, 6)));
        var turned = new Operand(weight.buffer(), DType.F32, weight.layout().permute(1, 0));
        var product = expected(flat, turned, 1, 10, 6, 7);
        for (int i = 0; i < product.length; i++) {
            assertThat(result[i]).isCloseTo(product[i] + 100 + i % 7, within(1e-3f));
        }
        assertThat(asked).hasSize(1).first().satisfies(shape -> assertThat(shape.bias()).isTrue());
        assertThat(ValueLayout.JAVA_FLOAT.byteSize()).isEqualTo(4);
    }

    @Test
    void whatTheLibraryDoesNotTakeRunsByOurKernels() {
        var a = operand(Layout.dense(Shape.of(4, 4)), 0);
        var wide = new Operand(a.buffer(), DType.BF16, Layout.dense(Shape.of(4, 4)));
        run(new Cast(DType.F32), wide);
        var spec = new MatMul().outputs(wide.spec(), wide.spec())[0];
        var out = new Operand(backend.allocate(spec.bytes()), spec.dtype(), Layout.dense(spec.shape()));
        backend.run(new MatMul(), new Operand[] {wide, wide}, new Operand[] {out});
        assertThat(asked).isEmpty();
    }
}
