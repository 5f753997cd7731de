package org.sfumato.models.transformer;

import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig.Encoding;
import org.sfumato.nn.Attention;
import org.sfumato.nn.Attention.Given;
import org.sfumato.nn.KeyValues;
import org.sfumato.nn.Pass;
import org.sfumato.nn.Rotary;
import org.sfumato.nn.RotaryScaling;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// What the layers of one kind see in one pass, and the angles of the positions that look.
///
/// @param mask of keys, broadcastable to (B, H, T, S), or `null` if nothing is hidden but what is later
/// @param rotary of the T positions, or `null`
record Sight(Tensor mask, Rotary rotary, boolean causal) {
    /// Angles of global and of local layers, from position 0 on; `null` with learned positions.
    record Tables(Rotary global, Rotary local) {
        static Tables of(TransformerConfig config, long length, Tensor like) {
            var positions = config.positions();
            if (positions.kind() == Encoding.LEARNED) {
                return new Tables(null, null);
            }
            int size = config.heads().size();
            var type = like.dtype().compute();
            var global = Rotary.of(length, size, positions.base(), positions.scaling(), type, like.device());
            // Where all layers are local, as Mistral's, their angles are the network's.
            return new Tables(global, config.pattern().globalEvery() == 0 ? global
                    : Rotary.of(length, size, positions.localBase(), RotaryScaling.NONE, type, like.device()));
        }

        /// Of the positions `at` (T) i64 only, in that order.
        Tables at(Tensor at) {
            return global == null ? this : new Tables(picked(global, at), picked(local, at));
        }

        private static Rotary picked(Rotary rotary, Tensor at) {
            return new Rotary(rotary.cos().indexSelect(0, at), rotary.sin().indexSelect(0, at));
        }
    }

    /// The T positions that look, among all that are seen.
    ///
    /// @param from the first of them
    /// @param to the one after the last
    /// @param held S, how many there are in all
    record Span(long from, long to, long held) {
        /// Of what is read after what is in `cache`, or `null`.
        ///
        /// @throws ShapeException if it is longer than the network allows, or a part of it has another shape
        static Span of(TransformerConfig config, Input input, Cache cache) {
            long given = input.given() == null || input.given().isEmpty() ? 0
                    : input.given().getFirst().keys().size(2);
            long before = (cache == null ? 0 : cache.next()) + given;
            long to = before + input.shape().size(1);
            var span = new Span(before, to, cache == null ? to : Math.max(to, cache.length()));
            span.check(config, input);
            return span;
        }

        private void check(TransformerConfig config, Input input) {
            var shape = input.shape();
            long most = (config.length() - from) * (input.paired() ? 2 : 1);
            if (shape.rank() != 2 || shape.size(1) > most) {
                throw new ShapeException("transformer: needs ids (B, T) with T at most " + most + ", got " + shape);
            }
            if (input.embeddings() != null && input.embeddings().size(2) != config.width()) {
                throw new ShapeException("transformer: embeddings must be " + config.width() + " wide, got "
                        + input.embeddings().shape());
            }
            if (input.given() != null && input.given().size() != config.layers()) {
                throw new ShapeException("transformer: keys and values are given for " + input.given().size() + " of "
                        + config.layers() + " layers");
            }
            if (input.places() != null && !input.places().shape().equals(shape)) {
                throw new ShapeException("transformer: places must be " + shape + " as the ids, got "
                        + input.places().shape());
            }
            boolean typed = config.positions().types() > 0;
            if (input.types() != null && (!typed || !input.types().shape().equals(shape))) {
                throw new ShapeException(typed ? "transformer: types must be " + shape + " as the ids, got "
                        + input.types().shape() : "transformer: this network has no segment types");
            }
            var mask = new Spec(Shape.of(shape.size(0), held), DType.BOOL);
            if (input.attentionMask() != null && !input.attentionMask().spec().equals(mask)) {
                throw new ShapeException("transformer: the attention mask must be " + mask + ", got "
                        + input.attentionMask().spec());
            }
        }
    }

    /// For the positions of `span`.
    ///
    /// @param present (B, S) bool, or `null`
    static Sight of(TransformerConfig config, boolean local, Tensor present, Span span, Tables tables, Device device) {
        var pattern = config.pattern();
        var table = local ? tables.local : tables.global;
        var rotary = table == null ? null : table.slice(span.from, span.to);
        var keys = present == null ? null : present.unsqueeze(1).unsqueeze(1);                         // (B, 1, 1, S)
        if (pattern.block() > 0) {
            var block = Tensor.arange(span.held, device).div(pattern.block()).floor();
            var seen = block.slice(0, span.from, span.to).unsqueeze(1).ge(block);                          // (T, S)
            return new Sight(keys == null ? seen : keys.and(seen), rotary, false);
        }
        long reach = pattern.causal() ? pattern.window() - 1 : pattern.window() / 2;
        if (!local || pattern.window() == 0 || span.held - 1 <= reach) {
            return new Sight(keys, rotary, pattern.causal());
        }
        var key = Tensor.arange(span.held, device);
        var distance = key.slice(0, span.from, span.to).unsqueeze(1).sub(key);             // of key j from query i
        var near = pattern.causal() ? distance.le(reach) : distance.abs().le(reach);                   // (T, S)
        return new Sight(keys == null ? near : keys.and(near), rotary, pattern.causal());
    }

    /// For `t` noisy positions and then the same `t` clean ones, in blocks: a noisy position sees its own noisy block
    /// and the clean blocks before it, a clean one the clean blocks up to its own.
    static Sight ofPairs(TransformerConfig config, long t, Tables tables, Device device) {
        var block = Tensor.arange(t, device).div(config.pattern().block()).floor();
        var query = block.unsqueeze(1);
        var none = query.ne(query).and(block.ne(block));                                                   // (T, T)
        var noisy = Tensor.concat(1, query.eq(block), query.gt(block));
        var clean = Tensor.concat(1, none, query.ge(block));
        return new Sight(Tensor.concat(0, noisy, clean),                                                 // (2T, 2T)
                tables.global == null ? null : tables.global.slice(0, t).twice(), false);
    }

    /// `attention` of `x` under what is seen here, `given` and `past` among it.
    Tensor attend(Attention attention, Tensor x, Given given, KeyValues past, Pass pass) {
        return attention.forward(x, rotary, mask, causal, given, past, pass);
    }
}
