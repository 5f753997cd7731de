package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// Shards with an index. `sharded/` was written by transformers, `whole.safetensors` holds the same model
/// (make_torch.py).
class ShardsTest {
    @TempDir
    private Path folder;

    private void shard(String file, String... names) throws IOException {
        try (var scope = Scope.open("test")) {
            var tensors = new LinkedHashMap<String, Tensor>();
            scope.run(() -> List.of(names).forEach(name -> tensors.put(name, Tensor.of(1, 2))));
            Safetensors.write(folder.resolve(file), tensors, Map.of());
        }
    }

    private Path index(String json) throws IOException {
        return Files.writeString(folder.resolve("model.safetensors.index.json"), json.replace('\'', '"'));
    }

    @Test
    void whatTransformersWroteIsReadFromTheFolderAndFromTheIndex() throws IOException {
        var whole = Fixtures.contents(Fixtures.file("whole.safetensors"));
        assertThat(whole).hasSize(12);
        assertThat(Fixtures.contents(Fixtures.file("sharded"))).isEqualTo(whole);
        assertThat(Fixtures.contents(Fixtures.file("sharded/model.safetensors.index.json"))).isEqualTo(whole);
        try (var file = TensorFile.open(Fixtures.file("sharded"))) {
            assertThat(file.metadata()).containsEntry("total_size", "3040");
            assertThat(file.storedAs("model.norm.weight")).isEqualTo("F32");
            assertThat(file.bytes("model.norm.weight")).isEqualTo(32);
            assertThat(file.spec("lm_head.weight")).hasToString("f32 (16, 8)");
            assertThat(file.shape("lm_head.weight").count()).isEqualTo(128);
            assertThatIllegalArgumentException().isThrownBy(() -> file.spec("none"))
                    .withMessageContaining("no tensor 'none'");
        }
    }

    @Test
    void theIndexMustFitTheShards() throws IOException {
        shard("1.safetensors", "a", "b");
        shard("2.safetensors", "c");
        var fine = "{'weight_map':{'a':'1.safetensors','b':'1.safetensors','c':'2.safetensors'},'more':[{}]}";
        try (var file = TensorFile.open(index(fine))) {
            assertThat(file.names()).containsExactly("a", "b", "c");
            assertThat(file.metadata()).isEmpty();
        }
        refused(fine.replace("'c':'2.safetensors'", "'d':'2.safetensors'"),
                "'2.safetensors' holds a tensor 'c' that the index does not name");
        refused(fine.replace("'c'", "'d':'2.safetensors','c'"), "tensor 'd' is not in '2.safetensors'");
        refused(fine.replace(",'c':'2.safetensors'", ",'c':'1.safetensors'"), "tensor 'c' is not in '1.safetensors'");
        refused(fine.replace("2.safetensors", "3.safetensors"), "the shard '3.safetensors' is missing");
        shard("2.safetensors", "c", "a");
        refused(fine, "tensor 'a' is in '2.safetensors'; the index says that it is in '1.safetensors'");
        Files.writeString(folder.resolve("2.safetensors"), fine.replace('\'', '"'));
        refused(fine, "it is no file of tensors");                          // an index is no shard
    }

    private void refused(String json, String why) throws IOException {
        var index = index(json);
        assertThatThrownBy(() -> Shards.open(index)).isInstanceOf(FormatException.class).hasMessageContaining(why);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "[]                                       | not a JSON object",
        "{}                                       | it has no weight_map",
        "{'weight_map':{}} x                      | cannot be read",
        "{'weight_map':{}}{}                      | text follows",
        "{'weight_map':{},'weight_map':{}}        | weight_map stands twice",
        "{'weight_map':{},'metadata':3}           | metadata is not an object",
        "{'weight_map':{'a':3}}                   | the file of 'a' is not a text",
        "{'weight_map':['a']}                     | weight_map is not an object",
        "{'weight_map':{'a':'f','a':'f'}}         | 'a' stands twice",
        "{'weight_map':{'a':'/etc/passwd'}}       | no file inside the folder",
        "{'weight_map':{'a':'../f'}}              | no file inside the folder",
        "{'weight_map':{'a':'x/../../f'}}         | no file inside the folder",
        "{'weight_map':{'a':'..\\\\f'}}           | no file inside the folder",
        "{'weight_map':{'a':'x\\u0000'}}          | no file inside the folder",
        "{'weight_map':{'a':''}}                  | no file inside the folder",
        "{'weight_map':{'a':'.'}}                 | no file inside the folder",
        "{'weight_map':                           | cannot be read"})
    void aBrokenIndexIsRefused(String json, String why) throws IOException {
        refused(json.strip(), why);
    }

    @Test
    void whatIsWrittenIsCutAtTheLimitAndReadBack() throws IOException {
        var tensors = new LinkedHashMap<String, Tensor>();
        try (var scope = Scope.open("test")) {
            scope.run(() -> {
                for (int i = 0; i < 5; i++) {
                    tensors.put("t" + i, Tensor.arange(i == 2 ? 10 : 2));    // 16 bytes each, the third 80
                }
            });
            Safetensors.writeFolder(folder, tensors, Map.of("format", "pt"), 32);
            assertThat(Files.list(folder).map(f -> f.getFileName().toString()).sorted()).containsExactly(
                    "model-00001-of-00003.safetensors", "model-00002-of-00003.safetensors",
                    "model-00003-of-00003.safetensors", "model.safetensors.index.json");
            try (var file = TensorFile.open(folder)) {
                assertThat(file.names()).containsExactlyElementsOf(tensors.keySet());
                assertThat(file.metadata()).containsEntry("total_size", "144");
            }
            assertThat(Files.readString(folder.resolve("model.safetensors.index.json")))
                    .startsWith("{\"metadata\":{\"total_size\":144},\"weight_map\":{\"t0\":\"model-00001-of-00003.");
            assertThatThrownBy(() -> Safetensors.writeFolder(folder, tensors, Map.of(), 32))
                    .isInstanceOf(FileAlreadyExistsException.class).hasMessageContaining("another folder");
            assertThatIllegalArgumentException().isThrownBy(() ->
                    Safetensors.writeFolder(folder, tensors, Map.of(), 0));
            var one = Files.createDirectory(folder.resolve("one"));
            Safetensors.writeFolder(one, tensors, Map.of(), 144);
            assertThat(Files.list(one)).containsExactly(one.resolve("model.safetensors"));
            assertThat(Fixtures.contents(one)).isEqualTo(Fixtures.contents(folder)).hasSize(5);
        }
    }
}
