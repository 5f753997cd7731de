package org.sfumato.cuda;

import org.sfumato.cuda.elementwise.Bodies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.spi.Operand;

/// Operations that put elements at other places or into another type.
final class CopyCuda {
    private static final Operand[] NONE = {};

    private CopyCuda() { }

    private record CastKernel() { }

    private record CopyKernel() { }

    private record FillKernel() { }

    private record TriangleKernel(boolean lower) { }

    /// `out = in`, of any layouts and types; `in` broadcasts to the shape of `out`.
    static void run(Launcher launcher, Operand in, Operand out) {
        if (out.shape().count() == 0) {
            return;
        }
        if (in.dtype() != out.dtype()) {
            launcher.elements().run(new CastKernel(), () -> Bodies.cast(in.dtype(), out.dtype()), new Operand[] {in},
                    out);
        } else if (in.shape().equals(out.shape()) && in.layout().isDense() && out.layout().isDense()) {
            launcher.copy(in.address(), out.address(), out.spec().bytes());
        } else {
            int each = together(in, out);
            launcher.elements().run(new CopyKernel(), Bodies::copy, new Operand[] {units(in, each)},
                    units(out, each));
        }
    }

    /// How many neighbours can be copied as one value of 64 bits: where runs of them lie whole in both, as where heads
    /// change places with positions; else 1.
    private static int together(Operand in, Operand out) {
        int each = Long.BYTES / out.dtype().bytes();
        boolean fits = in.shape().equals(out.shape()) && in.shape().rank() > 0;
        return fits && isWhole(in.layout(), each) && isWhole(out.layout(), each) ? each : 1;
    }

    private static boolean isWhole(Layout layout, int each) {
        int last = layout.shape().rank() - 1;
        boolean whole = layout.strides()[last] == 1 && layout.shape().size(last) % each == 0
                && layout.offset() % each == 0;
        for (int axis = 0; axis < last; axis++) {
            whole &= layout.strides()[axis] % each == 0;
        }
        return whole;
    }

    /// The same memory as values of 64 bits, each of which is so many neighbours.
    private static Operand units(Operand operand, int each) {
        if (each == 1) {
            return bits(operand);
        }
        var layout = operand.layout();
        int last = layout.shape().rank() - 1;
        var strides = layout.strides().clone();
        for (int axis = 0; axis < last; axis++) {
            strides[axis] /= each;
        }
        var shape = layout.shape().with(last, layout.shape().size(last) / each);
        return new Operand(operand.buffer(), DType.I64, new Layout(shape, strides, layout.offset() / each));
    }

    /// The same memory in a type of the same width: bits are copied alike whatever they mean.
    private static Operand bits(Operand operand) {
        var type = switch (operand.dtype()) {
            case F32, I32 -> DType.I32;
            case F64, I64 -> DType.I64;
            case BF16, F16 -> DType.F16;
            case BOOL -> DType.BOOL;
        };
        return new Operand(operand.buffer(), type, operand.layout());
    }

    /// Every element is the one whose bits are the lowest of `bits`.
    static void fill(Launcher launcher, Operand out, long bits) {
        if (out.shape().count() == 0) {
            return;
        }
        if (bits == 0 && out.layout().isDense()) {
            launcher.clear(out.address(), out.spec().bytes());
        } else {
            launcher.elements().run(new FillKernel(), () -> Bodies.fill(out.dtype()), kernel -> kernel.i64(bits), NONE,
                    out);
        }
    }

    /// The inputs one after another along an axis.
    static void concat(Launcher launcher, Concat op, Operand[] in, Operand out) {
        long start = 0;
        for (var operand : in) {
            long size = operand.shape().size(op.axis());
            run(launcher, operand, part(out, out.layout().slice(op.axis(), start, size, 1)));
            start += size;
        }
    }

    /// Zeros with the input where the slice was taken.
    static void unslice(Launcher launcher, Unslice op, Operand in, Operand out) {
        fill(launcher, out, 0);
        run(launcher, in, part(out, op.slice().apply(out.layout())));
    }

    private static Operand part(Operand whole, Layout layout) {
        return new Operand(whole.buffer(), whole.dtype(), layout);
    }

    /// A copy with zeros on one side of a diagonal of the last two axes.
    static void triangle(Launcher launcher, Triangle op, Operand in, Operand out) {
        launcher.elements().run(new TriangleKernel(op.lower()), () -> Bodies.triangle(op.lower(), out.dtype()),
                kernel -> kernel.i64(out.shape().size(-2)).i64(out.shape().size(-1)).i64(op.diagonal()),
                new Operand[] {in}, out);
    }
}
