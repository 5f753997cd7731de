package org.sfumato.cuda;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.sfumato.cuda.elementwise.Access;
import org.sfumato.cuda.elementwise.Divisor;
import org.sfumato.cuda.elementwise.Elements;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.spi.Operand;

/// Runs element by element kernels, each written and loaded when it is first needed: one for each thing that is
/// computed, the types of the operands and the way to them.
final class ElementKernels {
    private static final int THREADS = 256;
    private static final Consumer<Kernel> NOTHING = _ -> { };

    private final Launcher launcher;
    private final Map<Key, Kernel> written = new HashMap<>();

    ElementKernels(Launcher launcher) {
        this.launcher = launcher;
    }

    /// What tells kernels apart; `what` has an `equals` of its own.
    private record Key(Object what, List<DType> types, Access access) { }

    /// `out = body(in)` without parameters of its own; see below.
    void run(Object what, Supplier<Elements.Body> body, Operand[] in, Operand... out) {
        run(what, body, NOTHING, in, out);
    }

    /// `out = body(in)`. The inputs broadcast to the shape of the results, which are all alike.
    ///
    /// @param what names the computation: equal for two bodies only if these write the same
    /// @param parameters puts the arguments for the parameters that the body has asked for
    void run(Object what, Supplier<Elements.Body> body, Consumer<Kernel> parameters, Operand[] in, Operand... out) {
        long count = out[0].shape().count();
        if (count == 0) {
            return;
        }
        long scalars = dense(count, in, out);
        if (scalars >= 0) {
            var kernel = kernel(what, body, new Access.Dense(scalars), in, out);
            parameters.accept(kernel);
            kernel.i64(count);
            addresses(kernel, in);
            addresses(kernel, out);
            kernel.launch(grid(Math.ceilDiv(count, (long) Access.QUAD)));
            return;
        }
        var axes = Axes.of(out[0].shape(), in, out);
        var kernel = kernel(what, body, new Access.Strided(axes.rank(), axes.wide()), in, out);
        parameters.accept(kernel);
        strided(kernel, axes, count, in, out);
        kernel.launch(grid(count));
    }

    private static Driver.Grid grid(long threads) {
        return Driver.Grid.of(Math.toIntExact(Math.ceilDiv(threads, (long) THREADS)), THREADS);
    }

    /// The inputs that are one element, as bits, or -1 if some operand is not dense or lies at an odd address.
    private static long dense(long count, Operand[] in, Operand[] out) {
        for (var operand : out) {
            if (!isAligned(operand) || !operand.layout().isDense()) {
                return -1;
            }
        }
        long scalars = 0;
        for (int k = 0; k < in.length; k++) {
            long own = in[k].shape().count();
            if (own == 1 && count != 1 && k < Long.SIZE - 1) {
                scalars |= 1L << k;
            } else if (own != count || !in[k].layout().isDense() || !isAligned(in[k])) {
                return -1;
            }
        }
        return scalars;
    }

    private static boolean isAligned(Operand operand) {
        return operand.address() % ((long) Access.QUAD * operand.dtype().bytes()) == 0;
    }

    private static void addresses(Kernel kernel, Operand[] operands) {
        for (var operand : operands) {
            kernel.address(operand);
        }
    }

    private static void strided(Kernel kernel, Axes axes, long count, Operand[] in, Operand[] out) {
        put(kernel, axes.wide(), count);
        for (int axis = 1; axis < axes.rank(); axis++) {
            long size = axes.sizes()[axis];
            put(kernel, axes.wide(), size);
            if (!axes.wide()) {
                var divisor = Divisor.of(size);
                kernel.i32(divisor.multiplier()).i32(divisor.shift());
            }
        }
        for (int k = 0; k < in.length + out.length; k++) {
            kernel.address(k < in.length ? in[k] : out[k - in.length]);
            for (int axis = 0; axis < axes.rank(); axis++) {
                put(kernel, axes.wide(), axes.strides()[k][axis]);
            }
        }
    }

    private static void put(Kernel kernel, boolean wide, long value) {
        if (wide) {
            kernel.i64(value);
        } else {
            kernel.i32(value);
        }
    }

    private Kernel kernel(Object what, Supplier<Elements.Body> body, Access access, Operand[] in, Operand[] out) {
        var types = new DType[in.length + out.length];
        for (int k = 0; k < types.length; k++) {
            types[k] = (k < in.length ? in[k] : out[k - in.length]).dtype();
        }
        var key = new Key(what, List.of(types), access);
        var kernel = written.get(key);
        if (kernel == null) {
            var all = new ArrayList<>(key.types);
            var name = "elements" + written.size();
            kernel = launcher.kernel(name, Elements.NAME, () -> Elements.module(all.subList(0, in.length),
                    all.subList(in.length, all.size()), access, body.get()));
            written.put(key, kernel);
        }
        return kernel;
    }
}
