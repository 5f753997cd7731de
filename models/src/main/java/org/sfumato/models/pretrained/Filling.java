package org.sfumato.models.pretrained;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Embedding;
import org.sfumato.nn.Linear;
import org.sfumato.nn.LinearMap;
import org.sfumato.nn.Linears;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.TensorFile;

/// Puts the tensors of a file in the place of the parameters of an outline, one after another. What fails is thrown as
/// [UncheckedIOException].
record Filling(TensorFile file, Map<String, Source> sources, Weights weights) {
    Transformer of(Transformer outline) {
        outline.parameters().forEach((path, parameter) -> {
            if (parameter.shape().rank() < 2) {
                var value = read(path, DType.F32);
                parameter.assign(value);
                value.close();
            }
        });
        var token = read("token.weight", weights.type());
        var network = Linears.replace(outline, (path, map) -> layer(path, (Linear) map, outline, token));
        return new Transformer(network.config(), new Embedding(token),
                outline.position() == null ? null : read("position", DType.F32),
                outline.type() == null ? null : read("type", DType.F32), network.embeddingNorm(),
                network.conditioning(), network.blocks(), network.norm(), network.modulation(), network.transform(),
                network.transformNorm(), network.head());
    }

    private LinearMap layer(String path, Linear map, Transformer outline, Tensor token) {
        if (map.weight() == outline.token().weight()) {
            return weights.layer(token, map.bias());
        }
        var weight = read(path + ".weight", weights.type());
        var layer = weights.layer(weight, map.bias());
        if (!layer.parameters().containsValue(weight)) {
            weight.close();
        }
        return layer;
    }

    private Tensor read(String path, DType type) {
        try {
            return sources.get(path).read(file, type);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
