package org.sfumato.models.pretrained;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.masked.MaskedSampler;
import org.sfumato.models.masked.Order;
import org.sfumato.models.masked.Sampling;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tokenizers.ByteTokenizer;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// Masked models of the hub write what the decoding loop of tom-pollak/dllm writes with them (make_mask_decode.py).
class MaskedModelTest {
    private static Path folder(String name) {
        return Path.of(URI.create(MaskedModelTest.class.getResource(name).toString()));
    }

    private static List<List<Integer>> steps(MaskedModel model, JsonNode golden) {
        int[] ids = golden.get("ids").valueStream().mapToInt(JsonNode::intValue).toArray();
        var written = new ArrayList<List<Integer>>();
        new MaskedSampler(model.denoiser(), model.process(), Sampling.oneByOne(Order.CONFIDENCE, 0))
                .fill(Canvas.of(ids, model.mask()), Rng.of(1), step -> step.choices().forEach(choice ->
                        written.add(List.of(choice.token(), choice.place()))));
        return written;
    }

    @ParameterizedTest
    @ValueSource(strings = {"bert", "modernbert", "dream"})
    void oneTokenAPassTheSurestFirst(String family) throws IOException {
        var golden = JsonMapper.shared().readTree(Files.readString(folder("mask_decode.json"))).get(family);
        assertThat(golden).hasSize(2);
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                try {
                    var network = Pretrained.load(folder(family));
                    var words = LanguageModel.begun(network, new ByteTokenizer(), 1, Set.of());
                    for (var each : golden) {
                        var model = new MaskedModel(words, each.get("mask").intValue(), family.equals("dream"));
                        var expected = each.get("steps").valueStream()
                                .map(step -> List.of(step.get(0).intValue(), step.get(1).intValue())).toList();
                        assertThat(steps(model, each)).isEqualTo(expected);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            });
        }
    }
}
