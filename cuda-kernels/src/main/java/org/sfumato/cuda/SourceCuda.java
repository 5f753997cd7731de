package org.sfumato.cuda;

import java.util.function.Consumer;
import org.sfumato.cuda.elementwise.Bodies;
import org.sfumato.cuda.elementwise.RandomBodies;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.spi.Operand;

/// Constants, ramps and random numbers.
final class SourceCuda {
    private static final Operand[] NONE = {};

    private SourceCuda() { }

    private record RampKernel(boolean whole) { }

    private record RandomKernel(Class<? extends Source.Distribution> distribution) { }

    /// Makes the dense `out`; the key of random numbers is at `key` on the device, or `op`'s own if that is 0.
    static void run(Launcher launcher, Source op, Operand out, long key) {
        switch (op) {
            case Source.Fill(var _, double value) -> CopyCuda.fill(launcher, out, bits(out.dtype(), value));
            case Source.Arange(var _, double start, double step) -> arange(launcher, start, step, out);
            case Source.Random(var distribution, var _, var rng) ->
                launcher.elements().run(new RandomKernel(distribution.getClass()),
                        () -> RandomBodies.of(distribution, out.dtype()), arguments(distribution, rng, key), NONE, out);
        }
    }

    /// The bits of `value` in `type`, rounded once.
    static long bits(DType type, double value) {
        return switch (type) {
            case F32 -> Integer.toUnsignedLong(Float.floatToRawIntBits((float) value));
            case F64 -> Double.doubleToRawLongBits(value);
            case BF16, F16 -> half(type, value);
            case I64 -> (long) value;
            case I32 -> Integer.toUnsignedLong((int) value);
            case BOOL -> value != 0 ? 1 : 0;
        };
    }

    private static long half(DType type, double value) {
        float odd = odd(value);
        int bits = Float.floatToRawIntBits(odd);
        if (type == DType.F16) {
            return Short.toUnsignedLong(Float.floatToFloat16(odd));
        }
        return Double.isNaN(value) ? bits >>> 16 | 0x40 : bits + 0x7FFF + (bits >>> 16 & 1) >>> 16;
    }

    /// A float that rounds to a half type as the double itself does. Source: Boldo and Melquiond 2008, doi
    /// 10.1109/TC.2007.70819.
    private static float odd(double value) {
        float near = (float) value;
        if (near == value || near != near) {
            return near;
        }
        int bits = Float.floatToRawIntBits(near);
        return Float.intBitsToFloat((Math.abs((double) near) > Math.abs(value) ? bits - 1 : bits) | 1);
    }

    private static void arange(Launcher launcher, double start, double step, Operand out) {
        boolean whole = !out.dtype().isFloating() && start == Math.rint(start) && step == Math.rint(step);
        launcher.elements().run(new RampKernel(whole), () -> Bodies.arange(whole, out.dtype()), kernel -> {
            if (whole) {
                kernel.i64((long) start).i64((long) step);
            } else {
                kernel.f64(start).f64(step);
            }
        }, NONE, out);
    }

    private static Consumer<Kernel> arguments(Source.Distribution distribution, Rng rng, long key) {
        return kernel -> {
            kernel.i64(rng.seed()).i64(rng.stream()).i64(key);
            switch (distribution) {
                case Source.Distribution.Uniform _, Source.Distribution.Normal _ -> { }
                case Source.Distribution.Bernoulli(double p) -> kernel.i64((long) Math.ceil(p * 0x1p24));
                case Source.Distribution.Integers(long bound) ->
                    kernel.i64(bound).i64(Long.remainderUnsigned(-bound, bound));
            }
        };
    }
}
