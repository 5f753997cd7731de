package org.sfumato.cuda.check;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.Source;

/// Shapes of the size that models have, which the samples of single operations leave out: the device against the
/// processor, and the device against itself.
final class LargeShapes {
    private final Device device;
    private final int scale;
    private final List<String> found = new ArrayList<>();

    private LargeShapes(Device device, int scale) {
        this.device = device;
        this.scale = scale;
    }

    /// The differences that are too large, one line each. `scale` divides the sizes.
    static List<String> differences(Device device, int scale) {
        var check = new LargeShapes(device, scale);
        for (var type : List.of(DType.F32, DType.BF16)) {
            double allowed = type == DType.F32 ? 1e-5 : 1e-2;
            check.compare("matmul " + type, allowed, check.normal(1, type, 513, 1025), x -> x.matmul(x.permute(1, 0)));
            check.compare("softmax " + type, allowed, check.normal(2, type, 300, 5003), x -> x.softmax(-1));
            check.compare("sum " + type, allowed, check.normal(3, type, 1027, 777), x -> x.sum(0));
            check.compare("attention " + type, allowed, check.normal(4, type, 2, 4, 700, 64),
                    x -> x.attention(x, x, null, true));
            check.compare("gelu " + type, allowed, check.normal(5, type, 999, 1001), Tensor::gelu);
            check.compare("layer norm " + type, allowed, check.normal(6, type, 300, 768),
                    x -> x.layerNorm(x.select(0, 0), x.select(0, 1), 1e-5));
        }
        return check.found;
    }

    private Tensor normal(int seed, DType type, long... sizes) {
        for (int i = 0; i < sizes.length; i++) {
            sizes[i] = Math.max(3, sizes[i] / scale);
        }
        var spec = new Spec(Shape.of(sizes), DType.F32);
        return Tensor.random(new Source.Distribution.Normal(), spec, Rng.of(seed), Device.CPU).cast(type);
    }

    private void compare(String name, double allowed, Tensor x, Function<Tensor, Tensor> op) {
        Scope.temporary(() -> {
            var exact = op.apply(x.cast(DType.F32)).toDoubles();
            var there = x.to(device);
            var once = op.apply(there).toDoubles();
            var twice = op.apply(there).toDoubles();
            double error = 0;
            double size = 0;
            boolean same = true;
            for (int i = 0; i < exact.length; i++) {
                error += (once[i] - exact[i]) * (once[i] - exact[i]);
                size += exact[i] * exact[i];
                same &= Double.doubleToRawLongBits(once[i]) == Double.doubleToRawLongBits(twice[i]);
            }
            double relative = Math.sqrt(error / size);
            if (!(relative <= allowed)) {
                found.add(String.format(Locale.ROOT, "%s of %s: relative error %.2g, allowed %.0e", name, x.shape(),
                        relative, allowed));
            }
            if (!same) {
                found.add(name + ": two runs give different bits");
            }
        });
    }
}
