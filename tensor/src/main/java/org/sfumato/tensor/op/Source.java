package org.sfumato.tensor.op;

import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Spec;

/// Operations without inputs.
public sealed interface Source extends Op, NotDifferentiable {
    /// What is made.
    Spec spec();

    @Override
    default Spec[] outputs(Spec... in) {
        return new Spec[] {spec()};
    }

    /// Every element is `value`, rounded to the type.
    record Fill(Spec spec, double value) implements Source {
        @Override
        public String name() {
            return "fill";
        }
    }

    /// Element `i` is `start + i * step`, computed in float64 or in 64-bit integers and rounded to the type.
    record Arange(Spec spec, double start, double step) implements Source {
        @Override
        public String name() {
            return "arange";
        }
    }

    /// Random elements, a pure function of `rng` and the element's index.
    record Random(Distribution distribution, Spec spec, Rng rng) implements Source, Seeded {
        @Override
        public String name() {
            return "random";
        }

        @Override
        public Random withRng(Rng other) {
            return new Random(distribution, spec, other);
        }
    }

    /// What random elements are drawn from.
    sealed interface Distribution {
        /// Uniform in [0, 1): f32 with 24 random bits, f64 with 53.
        record Uniform() implements Distribution { }

        /// Normal with mean 0 and variance 1, by Box and Muller.
        record Normal() implements Distribution { }

        /// True with probability `p`: bool.
        record Bernoulli(double p) implements Distribution { }

        /// Whole numbers uniform in [0, bound): i64.
        record Integers(long bound) implements Distribution { }
    }
}
