package org.sfumato.models.gaussian;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.autograd.GradCheck;
import org.sfumato.models.gist.LatentTransformerConfig;
import org.sfumato.models.ldlm.ContextLdlmConfig;
import org.sfumato.models.ldlm.LdlmConfig;
import org.sfumato.models.reverse.ReverseTransformerConfig;
import org.sfumato.models.reverse.TimeWaves;
import org.sfumato.nn.Layer;
import org.sfumato.nn.Parameters;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// Denoisers of latents, all of their layers in them, against finite differences in float64: by the latents, the
/// condition and every parameter.
class LatentGradientsTest {
    static Stream<LatentNetworkConfig> networks() {
        return Stream.of(new ReverseTransformerConfig(4, 2, 1, 1, 5, 0, 2, TimeWaves.GEOMETRIC),
                new LdlmConfig(1, 4, 2, 3, 2), new ContextLdlmConfig(1, 4, 3, 2, 3, 2, 1.5),
                new ControlNet.Config(new LatentTransformerConfig(1, 3, 1, 4, 2, 0), 3));
    }

    /// `layer` with the tensors `values` in place of its parameters, in their order.
    private static Object with(Object layer, Iterator<Tensor> values) throws ReflectiveOperationException {
        if (layer instanceof Tensor) {
            return values.next();
        }
        if (layer instanceof List<?> list) {
            var parts = new ArrayList<Object>();
            for (var part : list) {
                parts.add(with(part, values));
            }
            return List.copyOf(parts);
        }
        if (!(layer instanceof Layer)) {
            return layer;
        }
        var components = layer.getClass().getRecordComponents();
        var parts = new Object[components.length];
        for (int i = 0; i < parts.length; i++) {
            var accessor = components[i].getAccessor();
            accessor.setAccessible(true);
            parts[i] = with(accessor.invoke(layer), values);
        }
        return layer.getClass().getDeclaredConstructor(Arrays.stream(components).map(RecordComponent::getType)
                .toArray(Class<?>[]::new)).newInstance(parts);
    }

    private static LatentNetwork rebuilt(LatentNetwork network, List<Tensor> parameters) {
        try {
            return (LatentNetwork) with(network, parameters.iterator());
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    @ParameterizedTest
    @MethodSource("networks")
    void gradientsAreDifferences(LatentNetworkConfig config) {
        Scope.temporary(() -> {
            var network = config.init(Rng.of(1));
            boolean reads = network instanceof ConditionalDenoiser;
            int vectors = reads ? 1 : 2;
            var inputs = new ArrayList<Tensor>();
            inputs.add(noise(Shape.of(2, vectors, config.width()), 1));
            inputs.add(noise(Shape.of(2, 2, config.width()), 2));
            int i = 3;
            for (var p : Parameters.of(network).values()) {               // no zeros, which would hide what lies behind
                inputs.add(p.cast(DType.F64).add(noise(p.shape(), i++).mul(.3)));
            }
            var time = Tensor.of(.3, 1.7);
            var present = Tensor.of(new boolean[] {true, false, true, true}, 2, 2);
            var report = GradCheck.of(in -> rebuilt(network, Arrays.asList(in).subList(2, in.length))
                    .forward(new NoisyLatents(in[0], time, reads ? new Condition(in[1], present) : null, null),
                            Pass.INFERENCE).add(unread(in)), inputs.toArray(Tensor[]::new));
            assertThat(report.passes(1e-5)).as("%s: %s", config, report).isTrue();
        });
    }

    /// Nothing, of inputs that a network may have without reading them.
    private static Tensor unread(Tensor... inputs) {
        return Arrays.stream(inputs).map(in -> in.sum().mul(0)).reduce(Tensor::add).orElseThrow();
    }

    private static Tensor noise(Shape shape, long seed) {
        return NoiseLevel.noise(shape, Rng.of(seed), Tensor.of(0.0));
    }

    /// The loss itself, by what the network predicts.
    @Test
    void theLossHasTheRightGradient() {
        Scope.temporary(() -> {
            var process = new GaussianProcess(new SigmaSchedule.VDiffusion(.01, 10, 1), new Parameterisation.Edm(1));
            var objective = new DenoisingObjective(process, new Weighting.MinSnr(5),
                    DenoisingObjective.Draw.STRATIFIED, 0, 0);
            var x = noise(Shape.of(3, 1, 2), 1);
            var report = GradCheck.of(in -> objective.loss((noisy, _) -> noisy.z().mul(in[0]).add(in[1]),
                    new LatentBatch(x, null), Rng.of(2), Pass.INFERENCE).cast(DType.F64), 1e-3, Tensor.of(.3, -.2),
                    Tensor.of(.1, .4));
            assertThat(report.passes(1e-2)).as("%s", report).isTrue();  // the loss itself is f32
        });
    }
}
