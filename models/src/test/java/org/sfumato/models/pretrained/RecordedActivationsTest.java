package org.sfumato.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Base64;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sfumato.models.transformer.Block;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.nn.Activation;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.testing.SharedData;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A trained minGPT (gpt-nano, which sorts six letters) against the 25 activations that its author recorded in PyTorch.
class RecordedActivationsTest {
    private static final double TOLERANCE = 1e-5;
    private static final int HEADS = 3;

    private JsonNode recorded;
    private final Set<String> left = new HashSet<>();

    @Test
    void everyRecordedActivationIsReached() throws IOException {
        var folder = SharedData.require("w-gpt-nano-sort");
        var weights = JsonMapper.shared().readTree(folder.resolve("gpt-nano-sort-model.json").toFile());
        recorded = JsonMapper.shared().readTree(folder.resolve("gpt-nano-sort-t0-partials.json").toFile());
        recorded.propertyNames().stream().filter(name -> recorded.get(name).has("shape")).forEach(left::add);
        assertThat(left).hasSize(25);
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                var network = network(weights);
                var ids = tensor(recorded.get("idx")).cast(DType.I64);
                left.remove("idx");
                var x = embeddings(network, ids);
                insideTheFirstBlock(network.blocks().getFirst(), x);
                for (int i = 0; i < 3; i++) {
                    same("block" + i, first(network, i + 1).hidden(Input.of(ids), Pass.INFERENCE));
                }
                same("ln_f", network.hidden(Input.of(ids), Pass.INFERENCE));
                var logits = network.forward(ids, Pass.INFERENCE);
                same("lm_head", logits);
                same("probs", logits.softmax(-1));
            });
        }
        assertThat(left).isEmpty();
    }

    private Tensor embeddings(Transformer network, Tensor ids) {
        var token = network.token().forward(ids);
        same("tok_emb", token);
        same("pos_emb", network.position().unsqueeze(0));
        var x = token.add(network.position());
        same("x", x);
        return x;
    }

    private void insideTheFirstBlock(Block block, Tensor x) {
        var ln1 = block.attentionNorm().forward(x);
        same("ln1", ln1);
        var qkv = block.attention().qkv().forward(ln1);
        same("qkv", qkv);
        var heads = qkv.reshape(3, 11, 3 * HEADS, 16).permute(0, 2, 1, 3);                             // (B, 3H, T, D)
        var q = heads.slice(1, 0, HEADS);
        var k = heads.slice(1, HEADS, 2 * HEADS);
        var v = heads.slice(1, 2 * HEADS, 3 * HEADS);
        same("q", q);
        same("k", k);
        same("v", v);
        var order = Tensor.arange(11);
        var scores = q.matmul(k.transpose(2, 3)).mul(.25)
                .maskedFill(order.unsqueeze(1).lt(order), Double.NEGATIVE_INFINITY);
        same("att", scores);
        same("attSm", scores.softmax(-1));
        var y = q.attention(k, v, null, true).permute(0, 2, 1, 3).reshape(3, 11, 48);
        same("y", y);
        var projected = block.attention().forward(ln1, null, null, true);
        same("yProj", projected);
        var after = x.add(projected);
        same("attnResid", after);
        var ln2 = block.mlpNorm().forward(after);
        same("ln2", ln2);
        var up = block.mlp().up().forward(ln2);
        same("fc", up);
        same("gelu", block.mlp().activation().apply(up));
        var mlp = block.mlp().forward(ln2);
        same("mlp", mlp);
        same("mlpResid", after.add(mlp));
    }

    /// The stream after the first `count` blocks: a network that ends there.
    private static Transformer first(Transformer n, int count) {
        return new Transformer(n.config(), n.token(), n.position(), null, null, null, n.blocks().subList(0, count),
                null, null, null, null, n.head());
    }

    private void same(String name, Tensor actual) {
        var expected = tensor(recorded.get(name));
        assertThat(actual.shape()).as(name).isEqualTo(expected.shape());
        var a = actual.toDoubles();
        var e = expected.toDoubles();
        for (int i = 0; i < a.length; i++) {
            // Infinite where a later position is hidden.
            assertThat(a[i] == e[i] || Math.abs(a[i] - e[i]) < TOLERANCE).as("%s[%d]: %s, not %s", name, i, a[i], e[i])
                    .isTrue();
        }
        left.remove(name);
    }

    private static Transformer network(JsonNode weights) {
        var classic = TransformerConfig.classic(3, 11, 48, 3, HEADS);
        var network = Transformer.zero(new TransformerConfig(3, 11, 48, 3, classic.heads(),
                TransformerConfig.Pattern.CAUSAL, 192, Activation.GELU_TANH, classic.norms(), classic.positions(),
                classic.biases(), new TransformerConfig.Output(false, false), classic.start(), 0, 0));
        var sources = new Gpt2().sources(network.config());
        network.parameters().forEach((name, parameter) ->
                parameter.assign(tensor(weights.get(sources.get(name).names().getFirst()))));   // Linear, not Conv1D
        return network;
    }

    private static Tensor tensor(JsonNode node) {
        var bytes = ByteBuffer.wrap(Base64.getDecoder().decode(node.get("data").asString()))
                .order(ByteOrder.LITTLE_ENDIAN);
        var values = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(values);
        var sizes = List.copyOf(node.get("shape").values()).stream().mapToLong(JsonNode::asLong).toArray();
        return Tensor.of(values, sizes);
    }
}
