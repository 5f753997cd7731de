package org.sfumato.models.gaussian;

import java.util.Arrays;
import org.sfumato.tensor.Tensor;

/// What is done to predicted clean latents in sampling.
public sealed interface Clipping {
    /// Clipped. Shapes: (B, N, D) -> (B, N, D).
    Tensor apply(Tensor x);

    /// Nothing.
    record Off() implements Clipping {
        @Override
        public Tensor apply(Tensor x) {
            return x;
        }
    }

    /// Within `[-limit, limit]`. Source: Ho et al. 2020, arXiv 2006.11239, with limit 1.
    record Fixed(double limit) implements Clipping {
        /// Checks the limit.
        public Fixed {
            requireLimit(limit);
        }

        @Override
        public Tensor apply(Tensor x) {
            return x.clamp(-limit, limit);
        }
    }

    /// Within `[-q, q]`, then scaled by `limit / q`, with q the quantile of the sizes of a row's elements, or `limit`
    /// if that is larger. Source: Saharia et al. 2022, arXiv 2205.11487, section 2.3 (dynamic thresholding).
    ///
    /// @param share which quantile, in (0, 1], as .995
    /// @param limit how large elements of real latents are
    record Quantile(double share, double limit) implements Clipping {
        /// Checks the values.
        public Quantile {
            requireLimit(limit);
            if (!(share > 0 && share <= 1)) {
                throw new IllegalArgumentException("clipping: the quantile " + share + " is outside (0, 1]");
            }
        }

        @Override
        public Tensor apply(Tensor x) {
            int rows = Math.toIntExact(x.size(0));
            var bounds = new double[rows];
            var sizes = x.abs().toDoubles();
            int width = sizes.length / rows;
            for (int b = 0; b < rows; b++) {
                Arrays.sort(sizes, b * width, (b + 1) * width);
                bounds[b] = Math.max(limit, quantile(sizes, b * width, width));
            }
            var bound = Tensor.of(bounds, rows, 1, 1).cast(x.dtype()).to(x.device());
            return x.maximum(bound.neg()).minimum(bound).mul(bound.reciprocal().mul(limit));
        }

        /// Interpolated linearly, as PyTorch does.
        private double quantile(double[] sorted, int from, int width) {
            double place = share * (width - 1);
            int below = (int) place;
            double low = sorted[from + below];
            double high = sorted[from + Math.min(below + 1, width - 1)];
            return low + (place - below) * (high - low);
        }
    }

    private static void requireLimit(double limit) {
        if (!(limit > 0)) {
            throw new IllegalArgumentException("clipping: the limit " + limit + " must be positive");
        }
    }
}
