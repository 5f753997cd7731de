package org.sfumato.models.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sfumato.nn.checkpoint.RecordJson;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

class TransformerConfigJsonTest {
    private static final List<TransformerConfig> PRESETS = List.of(TransformerConfig.nanodllm(66),
            TransformerConfig.modern(256, 512, 384, 6, 6), TransformerConfig.classic(50_257, 1024, 768, 12, 12));

    @Test
    void everyPresetComesBackFromText() {
        for (var config : PRESETS) {
            var text = RecordJson.write(config).toString();
            assertThat(RecordJson.read(TransformerConfig.class, JsonMapper.shared().readTree(text))).isEqualTo(config);
        }
    }

    @Test
    void fieldsAreTheComponents() {
        var names = Arrays.stream(TransformerConfig.class.getRecordComponents()).map(c -> c.getName()).toList();
        var tree = RecordJson.write(PRESETS.getFirst());
        assertThat(tree.propertyNames()).containsExactlyElementsOf(names);
        assertThat(tree.get("positions").get("kind").asString()).isEqualTo("LEARNED");
        assertThat(((ObjectNode) tree.get("biases")).propertyNames()).containsExactly("qkv", "output", "mlp",
                "transform", "head");
    }

    @Test
    void everyFieldIsNeededAndNoOtherAllowed() {
        for (var name : RecordJson.write(PRESETS.getFirst()).propertyNames()) {
            var tree = RecordJson.write(PRESETS.getFirst());
            tree.remove(name);
            assertThatIllegalArgumentException().isThrownBy(() -> RecordJson.read(TransformerConfig.class, tree))
                    .withMessageContaining("field \"" + name + "\" is missing");
        }
        var tree = RecordJson.write(PRESETS.getFirst()).put("depth", 4);
        assertThatIllegalArgumentException().isThrownBy(() -> RecordJson.read(TransformerConfig.class, tree))
                .withMessageContaining("field \"depth\" is unknown");
    }

    @Test
    void theConfigsOwnChecksHold() {
        var tree = RecordJson.write(PRESETS.getFirst()).put("width", 0);
        assertThatIllegalArgumentException().isThrownBy(() -> RecordJson.read(TransformerConfig.class, tree))
                .withMessageContaining("bad value, width = 0");
    }
}
