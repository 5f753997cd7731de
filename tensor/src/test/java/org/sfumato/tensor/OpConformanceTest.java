package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Modifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Differentiable;
import org.sfumato.tensor.op.NotDifferentiable;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.testing.OpConformance;
import org.sfumato.testing.OpSamples;
import org.sfumato.testing.PointwiseSamples;

/// What every operation must keep, on every device, in every type, for every form of memory.
class OpConformanceTest {
    static List<Named<Op>> operations() {
        return OpSamples.exemplars().stream().map(op -> Named.of(op.name() + " " + op.getClass().getSimpleName(), op))
                .toList();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("operations")
    void everyDeviceMeansTheSame(Op op) {
        var found = new ArrayList<String>();
        for (var sample : OpSamples.of(op)) {
            found.addAll(OpConformance.differences(sample, Backends.devices()));
        }
        assertThat(found).isEmpty();
    }

    @Test
    void everyOperationHasSamplesAndIsDifferentiableOrSaysThatItIsNot() {
        var sampled = new HashSet<Class<?>>();
        OpSamples.exemplars().forEach(op -> sampled.add(op.getClass()));
        for (var leaf : leaves(Op.class).toList()) {
            boolean has = Differentiable.class.isAssignableFrom(leaf);
            assertThat(has ^ NotDifferentiable.class.isAssignableFrom(leaf)).as("%s: exactly one of the two", leaf)
                    .isTrue();
            assertThat(leaf == CustomOp.class || sampled.contains(leaf)).as("%s has samples", leaf).isTrue();
        }
    }

    private static Stream<Class<?>> leaves(Class<?> type) {
        return type.isSealed() ? Arrays.stream(type.getPermittedSubclasses()).flatMap(OpConformanceTest::leaves)
                : Stream.of(type);
    }

    @Test
    void everyFormulaOfTheCatalogueHasSamples() throws IllegalAccessException {
        var sampled = Set.copyOf(PointwiseSamples.catalogue().values());
        for (var field : Catalogue.class.getDeclaredFields()) {
            if (field.getType() == Pointwise.class && Modifier.isStatic(field.getModifiers())) {
                assertThat(sampled).as(field.getName()).contains((Pointwise) field.get(null));
            }
        }
    }
}
