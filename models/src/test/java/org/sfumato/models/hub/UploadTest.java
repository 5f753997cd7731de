package org.sfumato.models.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.JsonNodeFactory;

/// Pushing to a server on this machine that answers as the hub's interface does: files of JSON within the commit,
/// others to a large-file storage under another name, the larger of them in parts of 1000 bytes.
class UploadTest {
    private static final String TOKEN = "hf_secret";
    private static final String COMMIT = "fedcba9876543210fedcba9876543210fedcba98";

    @TempDir
    Path folder;

    private final Map<String, byte[]> stored = new ConcurrentHashMap<>();
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final List<JsonNode> commit = new CopyOnWriteArrayList<>();
    private final List<String> leaks = new CopyOnWriteArrayList<>();
    private HttpServer hub;
    private HttpServer store;
    private volatile boolean exists;
    private volatile int busy;

    @BeforeEach
    void start() throws IOException {
        hub = server(this::hub);
        store = server(this::store);
        Files.writeString(folder.resolve("config.json"), "{\"a\": 1}");
        Files.createDirectories(folder.resolve("unet"));
        Files.write(folder.resolve("unet/small.safetensors"), HubTest.random(700));
        Files.write(folder.resolve("large.safetensors"), HubTest.random(2500));
        Files.writeString(folder.resolve(".hidden"), "no");
    }

    private static HttpServer server(com.sun.net.httpserver.HttpHandler handler) throws IOException {
        var server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        server.createContext("/", handler);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.start();
        return server;
    }

    @AfterEach
    void stop() {
        hub.stop(0);
        store.stop(0);
    }

    private URI endpoint() {
        return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
    }

    private String storage() {
        return "http://localhost:" + store.getAddress().getPort();
    }

    private static void answer(HttpExchange exchange, int status, String body) throws IOException {
        var bytes = body.getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    private void hub(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().toString();
            asked.add(exchange.getRequestMethod() + " " + path);
            var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
            if (!("Bearer " + TOKEN).equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
                answer(exchange, 401, "");
                return;
            }
            switch (path) {
                case "/api/repos/create" -> {
                    var json = JsonMapper.shared().readTree(body);
                    assertThat(json.path("name").asString()).isEqualTo("name");
                    assertThat(json.path("organization").asString()).isEqualTo("owner");
                    answer(exchange, exists ? 409 : 200, "{\"url\": \"\"}");
                }
                case "/api/models/owner/name/preupload/main" -> modes(exchange, JsonMapper.shared().readTree(body));
                case "/owner/name.git/info/lfs/objects/batch" -> batch(exchange, JsonMapper.shared().readTree(body));
                case "/verify" -> {
                    var json = JsonMapper.shared().readTree(body);
                    answer(exchange, stored.get(json.path("oid").asString()).length == json.path("size").asInt()
                            ? 200 : 422, "");
                }
                case "/api/models/owner/name/commit/main" -> {
                    assertThat(exchange.getRequestHeaders().getFirst("Content-Type"))
                            .isEqualTo("application/x-ndjson");
                    body.lines().forEach(line -> commit.add(JsonMapper.shared().readTree(line)));
                    answer(exchange, 200, "{\"commitOid\": \"" + COMMIT + "\", \"commitUrl\": \"\"}");
                }
                default -> answer(exchange, path.startsWith("/complete/") ? complete(path, body) : 404, "");
            }
        }
    }

    private void modes(HttpExchange exchange, JsonNode body) throws IOException {
        if (busy-- > 0) {
            answer(exchange, 503, "");
            return;
        }
        var files = JsonNodeFactory.instance.arrayNode();
        for (var file : body.path("files")) {
            var name = file.path("path").asString();
            int sample = Base64.getDecoder().decode(file.path("sample").asString()).length;
            assertThat(sample).isEqualTo(Math.min(512, file.path("size").asInt()));
            files.addObject().put("path", name).put("shouldIgnore", false)
                    .put("uploadMode", name.endsWith(".json") ? "regular" : "lfs");
        }
        var answer = JsonNodeFactory.instance.objectNode();
        answer.set("files", files);
        answer(exchange, 200, answer.toString());
    }

    private void batch(HttpExchange exchange, JsonNode body) throws IOException {
        assertThat(exchange.getRequestHeaders().getFirst("Accept")).isEqualTo("application/vnd.git-lfs+json");
        var answer = JsonNodeFactory.instance.objectNode();
        var objects = answer.putArray("objects");
        for (var object : body.path("objects")) {
            var oid = object.path("oid").asString();
            int size = object.path("size").asInt();
            var entry = objects.addObject().put("oid", oid).put("size", size);
            if (!stored.containsKey(oid)) {
                var actions = entry.putObject("actions");
                var upload = actions.putObject("upload");
                if (size > 1000) {
                    upload.put("href", endpoint() + "/complete/" + oid);
                    var header = upload.putObject("header").put("chunk_size", "1000");
                    for (int i = 1; i <= Math.ceilDiv(size, 1000); i++) {
                        header.put("0000" + i, storage() + "/" + oid + "." + i);
                    }
                } else {
                    upload.put("href", storage() + "/" + oid);
                }
                actions.putObject("verify").put("href", endpoint() + "/verify");
            }
        }
        answer(exchange, 200, answer.toString());
    }

    private int complete(String path, String body) {
        var oid = path.substring("/complete/".length());
        var all = new java.io.ByteArrayOutputStream();
        for (var part : JsonMapper.shared().readTree(body).path("parts")) {
            int number = part.path("partNumber").asInt();
            assertThat(part.path("etag").asString()).isEqualTo("\"tag" + number + "\"");
            all.writeBytes(stored.remove(oid + "." + number));
        }
        stored.put(oid, all.toByteArray());
        return 200;
    }

    private void store(HttpExchange exchange) throws IOException {
        try (exchange) {
            var name = exchange.getRequestURI().getPath().substring(1);
            asked.add(exchange.getRequestMethod() + " store");
            if (exchange.getRequestHeaders().getFirst("Authorization") != null) {
                leaks.add(name);
            }
            stored.put(name, exchange.getRequestBody().readAllBytes());
            exchange.getResponseHeaders().add("ETag", "\"tag" + name.substring(name.lastIndexOf('.') + 1) + "\"");
            exchange.sendResponseHeaders(200, -1);
        }
    }

    private Upload.Outcome push(String token) throws IOException {
        try (var web = new Web(HubTest.SHORT, Optional.ofNullable(token).map(t -> new Web.Token(endpoint(), t)))) {
            return new Upload(web, endpoint()).push(folder, Repository.parse("owner/name"), "main", "End of training",
                    true);
        }
    }

    private Map<String, JsonNode> committed() {
        var found = new java.util.LinkedHashMap<String, JsonNode>();
        commit.forEach(line -> found.put(line.path("value").path("path").asString(""), line));
        return found;
    }

    @Test
    void aFolderIsCommitted() throws IOException {
        var outcome = push(TOKEN);
        assertThat(outcome).isEqualTo(new Upload.Outcome(COMMIT, 3, 2, 3200));
        var lines = committed();
        assertThat(lines).containsOnlyKeys("", "config.json", "large.safetensors", "unet/small.safetensors");
        assertThat(lines.get("").path("value").path("summary").asString()).isEqualTo("End of training");
        assertThat(Base64.getDecoder().decode(lines.get("config.json").path("value").path("content").asString()))
                .isEqualTo(Files.readAllBytes(folder.resolve("config.json")));
        for (var name : List.of("large.safetensors", "unet/small.safetensors")) {
            var bytes = Files.readAllBytes(folder.resolve(name));
            assertThat(lines.get(name).path("key").asString()).isEqualTo("lfsFile");
            var oid = lines.get(name).path("value").path("oid").asString();
            assertThat(oid).isEqualTo(FakeHub.sha256(bytes));
            assertThat(stored.get(oid)).isEqualTo(bytes);
            assertThat(lines.get(name).path("value").path("size").asInt()).isEqualTo(bytes.length);
        }
        assertThat(leaks).as("the storage is shown no token").isEmpty();
    }

    @Test
    void whatIsThereIsNotSentAgain() throws IOException {
        push(TOKEN);
        exists = true;
        asked.clear();
        assertThat(push(TOKEN).sent()).isZero();
        assertThat(asked).noneMatch(line -> line.startsWith("PUT"));
    }

    @Test
    void aHubThatIsBusyIsAskedAgain() throws IOException {
        busy = 2;
        assertThat(push(TOKEN).commit()).isEqualTo(COMMIT);
        assertThat(asked.stream().filter(line -> line.contains("preupload"))).hasSize(3);
    }

    @Test
    void withoutTheRightTokenNothingIsSent() {
        assertThatThrownBy(() -> push(null)).hasMessageContaining("asks for a token").hasMessageContaining("HF_TOKEN");
        assertThatThrownBy(() -> push("hf_other")).hasMessageContaining("does not allow it");
        assertThat(stored).isEmpty();
        assertThat(commit).isEmpty();
        assertThat(asked).containsOnly("POST /api/repos/create");
    }

    @Test
    void anEmptyFolderIsRefused() throws IOException {
        for (var file : List.of("config.json", "unet/small.safetensors", "large.safetensors")) {
            Files.delete(folder.resolve(file));
        }
        assertThatThrownBy(() -> push(TOKEN)).hasMessageContaining("no file to send");
        assertThat(asked).isEmpty();
    }
}
