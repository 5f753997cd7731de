package org.sfumato.models;

import org.sfumato.tensor.Tensor;

/// Tokens that are not settled: at each place a weight for every token of the vocabulary.
public sealed interface SoftTokens {
    /// The share of signal in [0, 1], (B, 1) or (B, T) f32, for networks that are told the time; or `null`.
    Tensor alpha();

    /// The tokens of most weight. Shape: (B, T) i64.
    Tensor likeliest();

    /// The weighted means of the rows of `table`. Shapes: table (V, C) -> (B, T, C).
    Tensor mean(Tensor table);

    /// A weight for each token.
    ///
    /// @param weights (B, T, V), each row of V adding up to 1
    record Dense(Tensor weights, Tensor alpha) implements SoftTokens {
        @Override
        public Tensor likeliest() {
            return weights.argmax(-1);
        }

        @Override
        public Tensor mean(Tensor table) {
            return weights.matmul(table);
        }
    }

    /// A weight for the few tokens that have any to speak of; what is left is spread evenly over the vocabulary.
    ///
    /// @param ids (B, T, N) i64, different in each row
    /// @param weights (B, T, N)
    /// @param rest the weight of all other tokens together, (B, T, 1)
    record Sparse(Tensor ids, Tensor weights, Tensor rest, Tensor alpha) implements SoftTokens {
        @Override
        public Tensor likeliest() {
            return ids.gather(-1, weights.argmax(-1).unsqueeze(-1)).squeeze(-1);
        }

        @Override
        public Tensor mean(Tensor table) {
            long rows = ids.size(0);
            long places = ids.size(1);
            long count = ids.size(2);
            long width = table.size(1);
            var chosen = table.indexSelect(0, ids.reshape(rows * places * count))
                    .reshape(rows * places, count, width);                                      // (B T, N, C)
            var sum = weights.reshape(rows * places, 1, count).matmul(chosen).reshape(rows, places, width);
            return sum.add(rest.mul(table.mean(0)));
        }
    }
}
