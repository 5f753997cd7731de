package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// Folders as the hub gives them: the small random networks of the tests of `models`, and a tokenizer whose token
/// number i is the word `wi`.
public record HubFolder(Path path) {
    public static final Path FIXTURES = Path.of("../models/src/test/resources/org/sfumato/models/pretrained");
    private static final int WORDS = 61;

    /// The network `family` in a folder of that name below `folder`.
    public static HubFolder make(Path folder, String family) throws IOException {
        var made = Files.createDirectories(folder.resolve(family));
        for (var name : new String[] {"config.json", "model.safetensors"}) {
            Files.copy(FIXTURES.resolve(family).resolve(name), made.resolve(name));
        }
        var tokenizer = JsonMapper.shared().createObjectNode();
        tokenizer.putObject("pre_tokenizer").put("type", "WhitespaceSplit");
        var model = tokenizer.putObject("model").put("type", "WordLevel").put("unk_token", "w0");
        var vocabulary = model.putObject("vocab");
        IntStream.range(0, WORDS).forEach(i -> vocabulary.put("w" + i, i));
        Files.writeString(made.resolve("tokenizer.json"), tokenizer.toString());
        return new HubFolder(made);
    }

    /// Sets a field of `config.json`.
    public void configure(String name, int value) throws IOException {
        var file = path.resolve("config.json");
        var config = (ObjectNode) JsonMapper.shared().readTree(file.toFile());
        Files.writeString(file, config.put(name, value).toString());
    }

    /// What transformers writes with the network (make_decoding.py).
    public static JsonNode golden() {
        return JsonMapper.shared().readTree(FIXTURES.resolve("decoding.json").toFile());
    }

    /// Ids as words.
    public static String words(JsonNode ids) {
        assertThat(ids.isArray()).isTrue();
        return ids.valueStream().map(id -> "w" + id.intValue()).collect(Collectors.joining(" "));
    }
}
