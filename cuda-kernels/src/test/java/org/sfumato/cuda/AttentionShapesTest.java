package org.sfumato.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Dispatch;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.op.AttentionGrad;
import org.sfumato.tensor.op.AttentionOp;
import org.sfumato.testing.Input;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.Sample;

/// Attention and its gradient with all sizes of heads, blocks of queries and keys that are not full, and every kind of
/// mask.
class AttentionShapesTest {
    private static final List<DType> HALVES = List.of(DType.BF16, DType.F16);
    private static final List<DType> SINGLE = List.of(DType.F32);

    static List<Named<Sample>> samples() {
        var samples = new ArrayList<Sample>();
        // b, h, g, t, s, d, e
        long[][] sizes = {{1, 2, 1, 70, 100, 64, 64}, {2, 2, 2, 33, 40, 128, 96}, {1, 1, 1, 5, 9, 48, 16}};
        for (var z : sizes) {
            add(samples, HALVES, z, new AttentionOp(.1, false), null);
            add(samples, List.of(DType.BF16), z, new AttentionOp(.1, true), null);
            add(samples, List.of(DType.BF16), z, new AttentionOp(.1, true), Input.truth(3, .7, z[0], 1, 1, z[4]));
            add(samples, List.of(DType.F16), z, new AttentionOp(.1, false), Input.truth(4, .6, z[3], z[4]));
            add(samples, List.of(DType.BF16), z, new AttentionOp(.1, false), Input.normal(5, z[1], 1, z[4]));
        }
        for (long d : new long[] {50, 100, 200, 256}) {
            long[] z = {1, 2, 1, 19, 35, d, d - 2};
            add(samples, SINGLE, z, new AttentionOp(.1, true), null);
            add(samples, SINGLE, z, new AttentionOp(.1, false), Input.truth(4, .6, z[3], z[4]));
        }
        return samples.stream().map(sample -> Named.of(sample.toString(), sample)).toList();
    }

    private static void add(List<Sample> samples, List<DType> types, long[] z, AttentionOp op, Input mask) {
        var in = new ArrayList<>(List.of(Input.normal(0, z[0], z[1], z[3], z[5]),
                Input.normal(1, z[0], z[2], z[4], z[5]), Input.normal(2, z[0], z[2], z[4], z[6])));
        if (mask != null) {
            in.add(mask);
        }
        samples.add(new Sample(op, List.copyOf(in), types, 2));
        Scope.temporary(() -> {
            var tensors = in.stream().map(x -> x.on(DType.F64, Device.REFERENCE)).toArray(Tensor[]::new);
            var out = Arrays.stream(Dispatch.apply(op, tensors)).map(y -> Input.of(y.toDoubles(), y.shape().sizes()))
                    .toList();
            var back = new ArrayList<>(in.subList(0, 3));
            back.addAll(out);
            back.add(Input.normal(9, z[0], z[1], z[3], z[6]));
            back.addAll(in.subList(3, in.size()));
            samples.add(new Sample(new AttentionGrad(op), back, types, 8));
        });
    }

    @ParameterizedTest
    @MethodSource("samples")
    void theDeviceMeansTheSame(Sample sample) {
        assertThat(OpConformance.differences(sample, List.of(Device.of("ptx")))).isEmpty();
    }

    /// Devices of compute capability 7.5 do without tensor cores.
    @ParameterizedTest
    @MethodSource("olderSamples")
    void anOlderDeviceMeansTheSame(Sample sample) {
        assertThat(OpConformance.differences(sample, List.of(Device.of("ptx:1")))).isEmpty();
    }

    static List<Named<Sample>> olderSamples() {
        return samples().subList(0, 2);
    }
}
