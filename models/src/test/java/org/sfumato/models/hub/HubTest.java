package org.sfumato.models.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubTest {
    static final Web.Patience SHORT =
            new Web.Patience(Duration.ofSeconds(2), Duration.ofSeconds(2), Duration.ofMillis(1));
    private static final Repository REPOSITORY = Repository.parse("owner/name");

    @TempDir
    Path folder;

    private FakeHub server;

    @BeforeEach
    void start() throws IOException {
        server = new FakeHub();
        server.files.put("config.json", "{}\n".getBytes(StandardCharsets.UTF_8));
        server.files.put("model.safetensors", random(300_000));
        server.files.put("onnx/a model + more.onnx", random(1000));
        server.files.put("empty.txt", new byte[0]);
        server.files.put("sub/deep/vocab.json", random(70));
        server.large.addAll(List.of("model.safetensors", "onnx/a model + more.onnx"));
    }

    @AfterEach
    void stop() {
        server.close();
    }

    static byte[] random(int size) {
        var bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    private Web web(String token) {
        return new Web(SHORT, Optional.ofNullable(token).map(secret -> new Web.Token(server.endpoint(), secret)));
    }

    private Snapshot snapshot(String token, Repository repository, String revision) throws IOException {
        try (var web = web(token)) {
            return new Hub(web, server.endpoint()).snapshot(repository, revision);
        }
    }

    @Test
    void aWholeFolderComesAsItIs() throws IOException {
        try (var web = web(FakeHub.TOKEN)) {
            var snapshot = new Hub(web, server.endpoint()).snapshot(REPOSITORY, "main");
            assertThat(snapshot.commit()).isEqualTo(FakeHub.COMMIT);
            assertThat(snapshot.bytes()).isEqualTo(301_073);
            var download = new Download(web, false, (_, _) -> { });
            for (var file : snapshot.files()) {
                assertThat(download.get(file, folder)).isEqualTo(Download.Outcome.LOADED);
            }
        }
        for (var file : server.files.entrySet()) {
            assertThat(folder.resolve(file.getKey())).hasBinaryContent(file.getValue());
        }
        try (var all = Files.walk(folder)) {
            assertThat(all.filter(Files::isRegularFile)).hasSize(5);
        }
    }

    @Test
    void theTokenIsShownToTheHubOnly() throws IOException {
        try (var web = web(FakeHub.TOKEN)) {
            for (var file : new Hub(web, server.endpoint()).snapshot(REPOSITORY, "main").files()) {
                new Download(web, false, (_, _) -> { }).get(file, folder);
            }
            assertThat(web.toString() + new Web.Token(server.endpoint(), FakeHub.TOKEN))
                    .doesNotContain(FakeHub.TOKEN);
        }
        assertThat(server.requests).filteredOn(r -> r.host().equals("store")).hasSize(2)
                .allMatch(r -> r.authorization().isEmpty());
        assertThat(server.requests).filteredOn(r -> r.host().equals("hub")).hasSize(9)
                .allMatch(r -> r.authorization().equals(Optional.of("Bearer " + FakeHub.TOKEN)));
    }

    /// `git hash-object` of the file `hello` gives this id.
    @Test
    void aGitObjectIdIsThatOfGit() throws IOException {
        var file = Files.writeString(folder.resolve("hello"), "hello\n");
        var id = new Checksum(Checksum.Kind.GIT_BLOB, "ce013625030ba8dba906f756967f9e9ca394464a");
        assertThat(id.of(file)).isEqualTo(id);
    }

    @Test
    void aGatedRepositoryNeedsAToken() throws IOException {
        server.gated = true;
        assertThatThrownBy(() -> snapshot(null, REPOSITORY, "main")).isInstanceOf(IOException.class)
                .hasMessageContainingAll("hub: owner/name", "accepted its terms", "hint: ", "HF_TOKEN");
        assertThatThrownBy(() -> snapshot("hf_other", REPOSITORY, "main")).hasMessageContaining("accepted its terms")
                .hasMessageNotContaining("hf_other");
        assertThat(snapshot(FakeHub.TOKEN, REPOSITORY, "main").files()).hasSize(5);
    }

    @Test
    void whatIsNotThereIsNamed() {
        assertThatThrownBy(() -> snapshot(null, Repository.parse("owner/other"), "main"))
                .hasMessageContainingAll("hub: owner/other", "no such repository");
        assertThatThrownBy(() -> snapshot(null, Repository.parse("datasets/owner/name"), "main"))
                .hasMessageContainingAll("hub: datasets/owner/name", "no such repository");
        assertThatThrownBy(() -> snapshot(null, REPOSITORY, "v2/../x"))
                .hasMessageContainingAll("hub: owner/name at v2/../x", "no such revision");
        assertThat(server.requests.getLast().path()).isEqualTo("/api/models/owner/name/revision/v2%2F..%2Fx");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../evil", "/etc/passwd", "a/../../evil", "a//b", ".", "..", "a/./b", "a\\\\b", "a\\nb",
        "", " "})
    void aNameThatLeadsOutOfTheFolderIsRefused(String name) {
        server.files.put(name, new byte[3]);
        assertThatThrownBy(() -> snapshot(null, REPOSITORY, "main")).isInstanceOf(IOException.class)
                .hasMessageContainingAll("would not lie in its folder");
    }

    @Test
    void aPageThatIsNoHubIsSaidToBe() {
        var page = server.endpoint().resolve("/page?at=");
        try (var web = web(null)) {
            assertThatThrownBy(() -> new Hub(web, page).snapshot(REPOSITORY, "main"))
                    .hasMessageContainingAll("hub: owner/name", "not understood", "hint: ");
        }
    }

    @Test
    void offlineIsSaidClearly() {
        var nobody = server.endpoint();
        server.close();
        try (var web = web(null)) {
            assertThatThrownBy(() -> new Hub(web, nobody).snapshot(REPOSITORY, "main")).isInstanceOf(IOException.class)
                    .hasMessageContainingAll("hub: owner/name: cannot reach 127.0.0.1", "hint: ", "network");
            assertThatThrownBy(() -> new Hub(web, URI.create("http://nowhere.invalid")).snapshot(REPOSITORY, "main"))
                    .hasMessageContaining("cannot reach nowhere.invalid: nobody knows its address");
        }
    }

    /// What Python's fnmatch, which the official client uses, says.
    @ParameterizedTest
    @CsvSource({"*.json, true", "config.*, false", "sub/*, true", "sub/, true", "*vocab*, true", "sub/????/vocab.json,"
            + " true", "sub/[a-d]eep/*, true", "sub/[!a-d]eep/*, false", "sub/[]d]eep/vocab.json, true", "vocab.json,"
            + " false", "SUB/*, false", "sub/deep/vocab[.]json, true", "sub/[deep/*, false"})
    void patternsAreThoseOfTheOfficialClient(String pattern, boolean matches) throws IOException {
        var all = snapshot(null, REPOSITORY, "main");
        var name = "sub/deep/vocab.json";
        assertThat(all.only(List.of(pattern), List.of()).files().stream().anyMatch(f -> f.name().equals(name)))
                .isEqualTo(matches);
        assertThat(all.only(List.of(), List.of(pattern)).files().stream().anyMatch(f -> f.name().equals(name)))
                .isNotEqualTo(matches);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a/b/c", "../a", "a/..", "a b/c", "a/b?x", "a--b/c"})
    void aRepositoryHasANameOfTwoParts(String name) {
        assertThatThrownBy(() -> Repository.parse(name)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("is no name of a repository", "hint: ");
    }

    @Test
    void anEndpointIsAnAddressOfAServer() {
        assertThat(Hub.endpoint("https://mirror.example/hub//")).isEqualTo(URI.create("https://mirror.example/hub"));
        for (var text : List.of("", "mirror", "ftp://x", "http://", "https://a b")) {
            assertThatThrownBy(() -> Hub.endpoint(text)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("is no address of a server");
        }
    }

    @Test
    void aTokenWithABlankIsRefusedAndNotShown() {
        assertThatThrownBy(() -> new Web.Token(server.endpoint(), "hf_abc def")).hasMessageContaining("HF_TOKEN")
                .hasMessageNotContaining("abc");
    }
}
