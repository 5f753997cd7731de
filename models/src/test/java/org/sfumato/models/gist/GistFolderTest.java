package org.sfumato.models.gist;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.models.latent.Spans;
import org.sfumato.models.pretrained.Pretrained;
import org.sfumato.models.pretrained.Saving;
import org.sfumato.models.training.GistTrainer;
import org.sfumato.models.training.GistTrainingConfig;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.nn.Pass;
import org.sfumato.tensor.Precision;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;

/// Networks and autoencoders in folders of the hub, from the fixtures of transformers.
class GistFolderTest {
    @TempDir
    Path temp;

    private Scope scope;

    @BeforeEach
    void open() {
        scope = Scope.open("test");
    }

    @AfterEach
    void close() {
        scope.close();
    }

    private static Path fixture(String name) {
        try {
            return Path.of(GistFolderTest.class.getResource("/org/sfumato/models/pretrained/" + name).toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private interface Loading<T> {
        T load() throws IOException;
    }

    private <T> T here(Loading<T> loading) {
        return scope.call(() -> {
            try {
                return loading.load();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    /// What is written has the names, the shapes and the numbers of what was read.
    @ParameterizedTest
    @ValueSource(strings = {"gpt2", "llama", "llama3", "qwen2", "bert", "modernbert"})
    void aNetworkIsWrittenAsItWasRead(String name) throws IOException {
        Saving.save(here(() -> Pretrained.load(fixture(name))), fixture(name), temp);
        var before = here(() -> Safetensors.read(fixture(name).resolve("model.safetensors")));
        var after = here(() -> Safetensors.read(temp.resolve("model.safetensors")));
        assertThat(before.keySet()).containsAll(after.keySet());
        after.forEach((key, tensor) -> assertThat(tensor.toFloats()).as(key).isEqualTo(before.get(key).toFloats()));
        var again = here(() -> Pretrained.load(temp));
        here(() -> Pretrained.load(fixture(name))).parameters().forEach((key, p) ->
                assertThat(again.parameters().get(key).toFloats()).as(key).isEqualTo(p.toFloats()));
    }

    private GistAutoencoder made(int rank) {
        var like = fixture("llama");
        var recipe = new GistTrainingConfig(2, 1, 6, rank, true, 2, 1e-3, 0, 0, -1, 1, Precision.F32);
        var made = here(() -> GistTrainer.init(recipe, Pretrained.load(like), Pretrained.load(like), Rng.of(1)));
        scope.run(() -> made.trained(true).values().forEach(p -> p.assign(p.add(Tensor.normal(p.shape(),
                Rng.of(p.shape().count())).mul(.05)))));
        return made;
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2})
    void anAutoencoderComesBack(int rank) throws IOException {
        var made = made(rank);
        GistFolder.save(made, fixture("llama"), temp);
        assertThat(Files.readString(temp.resolve("encoder/latent_config.json"))).contains("\"n_gist_tokens\" : 2",
                "\"n_ae_tokens\" : 1", "\"block_size\" : 6", "\"use_lora\" : false");
        var tokens = here(() -> Safetensors.read(temp.resolve("encoder/latent_tokens.safetensors")));
        assertThat(tokens.keySet()).containsExactlyInAnyOrder("gist_tokens", "ae_tokens");
        var again = here(() -> GistFolder.load(temp, fixture("llama")));
        scope.run(() -> {
            var texts = Spans.padded(List.of(new int[] {1, 2, 3, 4, 5, 6}, new int[] {7, 8}), 6);
            var z = made.latents(texts, Pass.INFERENCE).toFloats();
            var other = again.latents(texts, Pass.INFERENCE).toFloats();
            for (int i = 0; i < z.length; i++) {
                assertThat(other[i]).isCloseTo(z[i], org.assertj.core.data.Offset.offset(1e-5f));
            }
            assertThat(again.loss(texts, Pass.INFERENCE).item()).isCloseTo(made.loss(texts, Pass.INFERENCE).item(),
                    org.assertj.core.data.Offset.offset(1e-5));
        });
    }

    @Test
    void withoutADecoderTheLanguageModelIsIt() throws IOException {
        var made = made(0);
        GistFolder.save(made, fixture("llama"), temp);
        var alone = here(() -> GistFolder.load(temp.resolve("encoder"), fixture("llama")));
        Transformer base = here(() -> Pretrained.load(fixture("llama")));
        assertThat(alone.decoder().token().weight().toFloats()).isEqualTo(base.token().weight().toFloats());
        assertThat(alone.encoder().gistTokens().toFloats()).isEqualTo(made.encoder().gistTokens().toFloats());
    }

    private GistAutoencoder load() throws IOException {
        try {
            return here(() -> GistFolder.load(temp, fixture("llama")));
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    @Test
    void whatIsDamagedIsRefused() throws IOException {
        GistFolder.save(made(0), fixture("llama"), temp);
        var config = temp.resolve("encoder/latent_config.json");
        Files.writeString(config, "{\"block_size\": 6, \"use_lora\": true}");
        assertThatThrownBy(this::load).isInstanceOf(FormatException.class)
                .hasMessageContaining("adapter");
        Files.writeString(config, "{\"block_size\": 6000000}");
        assertThatThrownBy(this::load).isInstanceOf(FormatException.class)
                .hasMessageContaining("do not fit");
        Safetensors.write(temp.resolve("encoder/latent_tokens.safetensors"),
                Map.of("other", here(() -> Tensor.ones(1))), Map.of());
        assertThatThrownBy(this::load).hasMessageContaining("gist_tokens");
        assertThatThrownBy(() -> Saving.save(here(() -> Pretrained.load(fixture("llama"))), fixture("gpt2"), temp))
                .hasMessageContaining("not one of");
    }
}
