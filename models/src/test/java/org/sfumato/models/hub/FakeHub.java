package org.sfumato.models.hub;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;

/// A server on this machine that speaks as the hub does, and a second one, under another name, that holds the large
/// files. `huggingface_hub.snapshot_download` of version 1.33 loads from it as well.
final class FakeHub implements AutoCloseable {
    static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";
    static final String TOKEN = "hf_secret";

    final Map<String, byte[]> files = new LinkedHashMap<>();
    final List<String> large = new ArrayList<>();
    final List<Request> requests = new CopyOnWriteArrayList<>();
    volatile boolean gated;
    volatile int breakAfter = -1;
    volatile boolean tags = true;
    private final HttpServer hub;
    private final HttpServer store;

    /// What somebody asked for.
    record Request(String host, String path, Optional<String> authorization, Optional<String> range,
            Optional<String> ifRange) { }

    FakeHub() throws IOException {
        hub = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        store = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
        hub.createContext("/", exchange -> answer(exchange, "hub"));
        store.createContext("/", exchange -> answer(exchange, "store"));
        for (var server : List.of(hub, store)) {
            server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
            server.start();
        }
    }

    URI endpoint() {
        return URI.create("http://127.0.0.1:" + hub.getAddress().getPort());
    }

    private String storage() {
        return "http://localhost:" + store.getAddress().getPort();
    }

    private void answer(HttpExchange exchange, String host) throws IOException {
        try (exchange) {
            var headers = exchange.getRequestHeaders();
            var path = exchange.getRequestURI().toString();
            requests.add(new Request(host, path, Optional.ofNullable(headers.getFirst("Authorization")),
                    Optional.ofNullable(headers.getFirst("Range")), Optional.ofNullable(headers.getFirst("If-Range"))));
            if (host.equals("store")) {
                var name = URLDecoder.decode(path.substring(1), StandardCharsets.UTF_8);
                content(exchange, files.get(name), "\"" + sha256(files.get(name)) + "\"");
            } else if (gated && !("Bearer " + TOKEN).equals(headers.getFirst("Authorization"))) {
                refuse(exchange, 401, "GatedRepo");
            } else if (path.startsWith("/page")) {
                json(exchange, "<html>Please sign in</html>");
            } else if (path.startsWith("/api/models/owner/name/revision/main")) {
                json(exchange, "{\"id\": \"owner/name\", \"sha\": \"" + COMMIT + "\", \"siblings\": ["
                        + String.join(",", files.keySet().stream().map(n -> "{\"rfilename\": \"" + n + "\"}").toList())
                        + "]}");
            } else if (path.startsWith("/api/models/owner/name/revision/")) {
                refuse(exchange, 404, "RevisionNotFound");
            } else if (path.startsWith("/api/models/owner/name/tree/" + COMMIT)) {
                tree(exchange, path);
            } else if (path.startsWith("/owner/name/resolve/" + COMMIT + "/")) {
                resolve(exchange, path.substring(path.indexOf(COMMIT) + COMMIT.length() + 1));
            } else {
                refuse(exchange, 404, "RepoNotFound");
            }
        }
    }

    /// Two entries a page.
    private void tree(HttpExchange exchange, String path) throws IOException {
        int from = path.contains("cursor=") ? Integer.parseInt(path.substring(path.indexOf("cursor=") + 7)) : 0;
        var names = List.copyOf(files.keySet());
        var entries = new ArrayList<String>();
        if (from == 0) {
            entries.add("{\"type\": \"directory\", \"oid\": \"" + "a".repeat(40) + "\", \"size\": 0, \"path\": \"x\"}");
        }
        for (var name : names.subList(from, Math.min(from + 2, names.size()))) {
            var bytes = files.get(name);
            entries.add("{\"type\": \"file\", \"oid\": \"" + blob(bytes) + "\", \"size\": " + bytes.length
                    + (large.contains(name) ? ", \"lfs\": {\"oid\": \"" + sha256(bytes) + "\", \"size\": "
                            + bytes.length + ", \"pointerSize\": 134}" : "") + ", \"path\": \"" + name + "\"}");
        }
        if (from + 2 < names.size()) {
            exchange.getResponseHeaders().add("Link", "<" + endpoint() + "/api/models/owner/name/tree/" + COMMIT
                    + "?recursive=true&expand=false&cursor=" + (from + 2) + ">; rel=\"next\"");
        }
        json(exchange, "[" + String.join(",", entries) + "]");
    }

    private void resolve(HttpExchange exchange, String encoded) throws IOException {
        var name = URLDecoder.decode(encoded, StandardCharsets.UTF_8);
        var bytes = files.get(name);
        var headers = exchange.getResponseHeaders();
        headers.add("X-Repo-Commit", COMMIT);
        if (bytes == null) {
            refuse(exchange, 404, "EntryNotFound");
        } else if (large.contains(name)) {
            headers.add("X-Linked-Size", String.valueOf(bytes.length));
            headers.add("X-Linked-Etag", "\"" + sha256(bytes) + "\"");
            headers.add("Location", storage() + "/" + encoded);
            exchange.sendResponseHeaders(302, -1);
        } else {
            content(exchange, bytes, "\"" + blob(bytes) + "\"");
        }
    }

    /// The bytes, or the range asked for if the tag still holds; cut off once after [#breakAfter] bytes.
    private void content(HttpExchange exchange, byte[] bytes, String tag) throws IOException {
        var asked = exchange.getRequestHeaders();
        var headers = exchange.getResponseHeaders();
        if (tags) {
            headers.add("ETag", tag);
        }
        boolean whole = !tags || !tag.equals(asked.getFirst("If-Range")) || asked.getFirst("Range") == null;
        int from = whole ? 0 : Integer.parseInt(asked.getFirst("Range").replaceAll("bytes=(\\d+)-", "$1"));
        if (!whole) {
            headers.add("Content-Range", "bytes " + from + "-" + (bytes.length - 1) + "/" + bytes.length);
        }
        boolean head = exchange.getRequestMethod().equals("HEAD");
        if (head) {
            headers.add("Content-Length", String.valueOf(bytes.length));
        }
        exchange.sendResponseHeaders(whole ? 200 : 206, head || bytes.length == from ? -1 : bytes.length - from);
        if (head) {
            return;
        }
        int to = breakAfter < 0 ? bytes.length : Math.min(bytes.length, from + breakAfter);
        breakAfter = -1;
        exchange.getResponseBody().write(Arrays.copyOfRange(bytes, from, to));
        exchange.getResponseBody().flush();
    }

    private static void json(HttpExchange exchange, String text) throws IOException {
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(200, text.length());
        exchange.getResponseBody().write(text.getBytes(StandardCharsets.UTF_8));
    }

    static void refuse(HttpExchange exchange, int status, String code) throws IOException {
        exchange.getResponseHeaders().add("X-Error-Code", code);
        exchange.sendResponseHeaders(status, -1);
    }

    static String sha256(byte[] bytes) {
        return digest("SHA-256", new byte[0], bytes);
    }

    static String blob(byte[] bytes) {
        return digest("SHA-1", ("blob " + bytes.length + "\0").getBytes(StandardCharsets.US_ASCII), bytes);
    }

    private static String digest(String algorithm, byte[] first, byte[] then) {
        try {
            var digest = MessageDigest.getInstance(algorithm);
            digest.update(first);
            return HexFormat.of().formatHex(digest.digest(then));
        } catch (NoSuchAlgorithmException e) {
            throw new UncheckedIOException(new IOException(e));
        }
    }

    @Override
    public void close() {
        hub.stop(0);
        store.stop(0);
    }
}
