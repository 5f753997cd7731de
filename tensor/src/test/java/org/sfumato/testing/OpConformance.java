package org.sfumato.testing;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.tensor.op.LinearCrossEntropyOp;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Source;

/// Runs a [Sample] on a device and says where it differs from the reference in float64.
public final class OpConformance {
    private OpConformance() { }

    /// The differences in all types of the sample on all `devices`, one line each with the worst element; empty if
    /// there is none.
    public static List<String> differences(Sample sample, List<Device> devices) {
        var found = new ArrayList<String>();
        for (var type : sample.types()) {
            Scope.temporary(() -> {
                var in = sample.inputs().stream().map(input -> input.oracle(type)).toArray(Tensor[]::new);
                var oracle = run(sample.op(), in, Device.REFERENCE);
                for (var device : devices) {
                    if (device.equals(Device.REFERENCE) && type != sample.types().getFirst()) {
                        continue;                                   // its loops are the same for all types
                    }
                    var where = sample + " in " + type + " on " + device + ": ";
                    try {
                        differences(sample, type, device, oracle).forEach(what -> found.add(where + what));
                    } catch (RuntimeException | AssertionError e) {
                        found.add(where + e);
                    }
                }
            });
        }
        return found;
    }

    private static List<String> differences(Sample sample, DType type, Device device, Tensor[] oracle) {
        var actual = run(sample.op(), sample.inputs().stream().map(in -> in.on(type, device)).toArray(Tensor[]::new),
                device);
        var found = new ArrayList<String>();
        for (int j = 0; j < oracle.length; j++) {
            var spec = expected(oracle[j].spec(), j, type, sample);
            if (!actual[j].spec().equals(spec)) {
                found.add("result " + j + " is " + actual[j].spec() + ", not " + spec);
                continue;
            }
            var where = actual[j].dtype().isFloating()
                    ? worst(actual[j], oracle[j].toDoubles(), tolerance(sample, actual[j].dtype()))
                    : mismatch(actual[j].toLongs(), oracle[j].toLongs());
            if (!where.isEmpty()) {
                found.add("result " + j + where);
            }
        }
        return found;
    }

    /// The results of `op` on `device`.
    public static Tensor[] run(Op op, Tensor[] in, Device device) {
        return op instanceof Source source ? new Tensor[] {Dispatch.source(source, device)} : Dispatch.apply(op, in);
    }

    private static Spec expected(Spec oracle, int result, DType type, Sample sample) {
        boolean varies = sample.inputs().stream().anyMatch(in -> in.fixed() == null) && type.isFloating();
        return varies && oracle.dtype() == DType.F64 ? oracle.as(isWide(sample.op(), result) ? type.compute() : type)
                : oracle;
    }

    /// True of losses and log-sum-exps of half types, which are f32.
    private static boolean isWide(Op op, int result) {
        return op instanceof AttentionOp && result == 1 || op instanceof LinearCrossEntropyOp;
    }

    /// Errors allowed: `relative * (|expected| + absolute) + smallest`. One f32 operation is right to 6e-8; 1e-5 leaves
    /// room for polynomials of a few ulp and for sums in another order. Half types are computed in f32 and rounded
    /// once, to half a unit in the last place.
    private record Tolerance(double relative, double absolute, double smallest) { }

    private static Tolerance tolerance(Sample sample, DType result) {
        if (sample.absolute() < 0) {
            return new Tolerance(0, 0, 0);
        }
        return switch (result) {
            case F32 -> new Tolerance(1e-5, sample.absolute(), 0x1p-126);
            case F64 -> new Tolerance(1e-12, sample.absolute(), 0x1p-1022);
            case F16 -> new Tolerance(0x1p-10, sample.absolute() / 4, 0x1p-24);
            case BF16 -> new Tolerance(0x1p-7, sample.absolute() / 4, 0x1p-126);
            case I64, I32, BOOL -> throw new AssertionError(result);
        };
    }

    /// Where `actual` is farthest from `oracle`, or nothing if it is near enough everywhere.
    private static String worst(Tensor actual, double[] oracle, Tolerance tolerance) {
        var shape = actual.shape();
        var near = Input.load(oracle, shape, DType.F64, Device.REFERENCE).cast(actual.dtype()).toDoubles();
        var got = actual.toDoubles();
        double worst = 0;
        int at = -1;
        for (int i = 0; i < got.length; i++) {
            double excess = excess(got[i], oracle[i], near[i], tolerance);
            if (excess > worst) {
                worst = excess;
                at = i;
            }
        }
        return at < 0 ? "" : ", element %d of %s is %s, not %s (%.3g times the tolerance)".formatted(at, shape,
                got[at], near[at], worst);
    }

    private static String mismatch(long[] actual, long[] expected) {
        int at = Arrays.mismatch(actual, expected);
        return at < 0 ? "" : ", element %d is %d, not %d".formatted(at, actual[at], expected[at]);
    }

    private static double excess(double got, double exact, double near, Tolerance tolerance) {
        if (got == near || Double.isNaN(got) && Double.isNaN(exact)) {
            return 0;
        }
        double allowed = tolerance.relative * (Math.abs(exact) + tolerance.absolute) + tolerance.smallest;
        if (allowed == 0) {
            return Double.POSITIVE_INFINITY;
        }
        double ratio = Math.abs(got - exact) / allowed;
        return ratio <= 1 && !Double.isInfinite(exact) ? 0 : Double.isNaN(ratio) ? Double.POSITIVE_INFINITY
                : Math.max(ratio, 1.000001);
    }
}
