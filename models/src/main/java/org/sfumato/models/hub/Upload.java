package org.sfumato.models.hub;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Puts a folder into a repository of the Hugging Face hub, in one commit. The hub says of each file whether it is sent
/// within the commit or goes to the large-file storage before, whole or in parts; what the storage has already is not
/// sent again.
///
/// Sources: the hub's interface, as huggingface_hub asks it: `/api/repos/create`, `/api/models/{repo}/preupload/{rev}`,
/// `/api/models/{repo}/commit/{rev}`; and Git LFS, `{repo}.git/info/lfs/objects/batch`, whose transfer `multipart` is
/// the hub's own.
///
/// @param endpoint where the hub is, without a `/` at the end
public record Upload(Web web, URI endpoint) {
    private static final int LARGEST_ANSWER = 1 << 24;
    private static final int SAMPLE = 512;
    private static final String JSON = "application/json";
    private static final String LFS = "application/vnd.git-lfs+json";
    private static final String UPLOAD = "upload";
    private static final String VERIFY = "verify";

    /// What was done.
    ///
    /// @param commit its id
    /// @param files how many are in it
    /// @param large how many of them the large-file storage holds
    /// @param sent bytes that went there
    public record Outcome(String commit, int files, int large, long sent) { }

    /// A file of the folder.
    private record Part(String path, Path file, long size) {
        String sha256() throws IOException {
            return Checksum.sha256("0".repeat(64)).of(file).hex();
        }
    }

    /// Makes the repository if there is none, and commits all files of `folder`, but for those whose names begin with a
    /// dot.
    ///
    /// @param branch such as `main`
    /// @param message of the commit
    /// @param secret true for a repository that only its owner sees, if it is made
    /// @throws IOException if the folder cannot be read, or the hub cannot be reached or refuses; nothing is committed
    ///     then
    public Outcome push(Path folder, Repository repository, String branch, String message, boolean secret)
            throws IOException {
        var parts = parts(folder);
        if (parts.isEmpty()) {
            throw new IllegalArgumentException("hub: there is no file to send in " + folder);
        }
        create(repository, secret);
        var modes = modes(repository, branch, parts);
        var large = new LinkedHashMap<String, Part>();
        for (var part : parts) {
            if ("lfs".equals(modes.get(part.path))) {
                large.put(part.sha256(), part);
            }
        }
        long sent = large.isEmpty() ? 0 : store(repository, branch, large);
        var lines = new ArrayList<String>();
        lines.add(line("header", object().put("summary", message).put("description", "")));
        for (var part : parts) {
            if ("regular".equals(modes.get(part.path))) {
                lines.add(line("file", object().put("content", Base64.getEncoder().encodeToString(
                        Files.readAllBytes(part.file))).put("path", part.path).put("encoding", "base64")));
            }
        }
        large.forEach((oid, part) -> lines.add(line("lfsFile", object().put("path", part.path).put("algo", "sha256")
                .put("oid", oid).put("size", part.size))));
        var answer = ask("POST", address(repository.api() + "/commit/" + branch.replace("/", "%2F")),
                Map.of("Content-Type", "application/x-ndjson"),
                BodyPublishers.ofString(String.join("\n", lines) + "\n"), "hub: the commit to " + repository);
        return new Outcome(answer.path("commitOid").asString(""), lines.size() - 1, large.size(), sent);
    }

    private static List<Part> parts(Path folder) throws IOException {
        try (var files = Files.walk(folder)) {
            var parts = new ArrayList<Part>();
            for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
                var path = folder.relativize(file);
                boolean hidden = false;
                for (var name : path) {
                    hidden |= name.toString().startsWith(".");
                }
                if (!hidden) {
                    parts.add(new Part(path.toString().replace(path.getFileSystem().getSeparator(), "/"), file,
                            Files.size(file)));
                }
            }
            return parts;
        }
    }

    private void create(Repository repository, boolean secret) throws IOException {
        int slash = repository.id().indexOf('/');
        var body = object().put("name", repository.shortName()).put("private", secret)
                .put("type", repository.kind() == Repository.Kind.DATASET ? "dataset" : "model");
        if (slash > 0) {
            body.put("organization", repository.id().substring(0, slash));
        }
        var what = "hub: making " + repository;
        web.patiently(() -> 0, () -> {
            try (var answer = web.send("POST", address("api/repos/create"), Map.of("Content-Type", JSON),
                    BodyPublishers.ofString(body.toString()))) {
                if (answer.status() != 409) {                           // 409: it is there already
                    require(answer, what);
                }
                return answer.status();
            }
        });
    }

    /// How the hub wants each file: `lfs`, `regular`, or not at all.
    private Map<String, String> modes(Repository repository, String branch, List<Part> parts) throws IOException {
        var files = JsonNodeFactory.instance.arrayNode();
        for (var part : parts) {
            try (var in = Files.newInputStream(part.file)) {
                files.addObject().put("path", part.path).put("size", part.size)
                        .put("sample", Base64.getEncoder().encodeToString(in.readNBytes(SAMPLE)));
            }
        }
        var what = "hub: asking how to send files to " + repository;
        var answer = ask("POST", address(repository.api() + "/preupload/" + branch.replace("/", "%2F")),
                Map.of("Content-Type", JSON), text(object().set("files", files)), what);
        var modes = new LinkedHashMap<String, String>();
        for (var file : answer.path("files")) {
            boolean ignored = file.path("shouldIgnore").asBoolean(false);
            modes.put(file.path("path").asString(""), ignored ? "ignored" : file.path("uploadMode").asString(""));
        }
        for (var part : parts) {
            if (!List.of("lfs", "regular", "ignored").contains(modes.getOrDefault(part.path, ""))) {
                throw new IOException(what + ": the answer does not say how to send " + part.path);
            }
        }
        return modes;
    }

    /// Brings files into the large-file storage; the bytes that were sent.
    private long store(Repository repository, String branch, Map<String, Part> large) throws IOException {
        var objects = JsonNodeFactory.instance.arrayNode();
        large.forEach((oid, part) -> objects.addObject().put("oid", oid).put("size", part.size));
        var body = object().put("operation", UPLOAD).put("hash_algo", "sha256");
        body.putArray("transfers").add("basic").add("multipart");
        body.set("objects", objects);
        body.putObject("ref").put("name", branch);
        var what = "hub: the large-file storage of " + repository;
        var answer = ask("POST", address(repository.place() + ".git/info/lfs/objects/batch"),
                Map.of("Content-Type", LFS, "Accept", LFS), text(body), what);
        long sent = 0;
        for (var object : answer.path("objects")) {
            var oid = object.path("oid").asString("");
            var part = large.get(oid);
            if (part == null || object.has("error")) {
                throw new IOException(what + (part == null ? ": the answer is of a file that was not named"
                        : " does not take " + part.path + ": " + object.path("error").path("message").asString("")));
            }
            var actions = object.path("actions");
            if (actions.has(UPLOAD)) {                                  // else it is there already
                send(actions.path(UPLOAD), oid, part, what);
                sent += part.size;
                if (actions.has(VERIFY)) {
                    ask("POST", URI.create(actions.path(VERIFY).path("href").asString("")),
                            Map.of("Content-Type", LFS, "Accept", LFS),
                            text(object().put("oid", oid).put("size", part.size)), what);
                }
            }
        }
        return sent;
    }

    private void send(JsonNode action, String oid, Part part, String what) throws IOException {
        var address = URI.create(action.path("href").asString(""));
        var header = action.path("header");
        if (!header.has("chunk_size")) {
            var headers = new LinkedHashMap<String, String>();
            header.properties().forEach(e -> headers.put(e.getKey(), e.getValue().asString("")));
            put(address, headers, part, 0, part.size, what);
            return;
        }
        long chunk = Long.parseLong(header.path("chunk_size").asString(""));
        var done = JsonNodeFactory.instance.arrayNode();
        var numbers = header.properties().stream().map(Map.Entry::getKey).filter(key -> key.matches("[0-9]+"))
                .mapToInt(Integer::parseInt).sorted().toArray();
        if (chunk < 1 || numbers.length != Math.ceilDiv(part.size, chunk)) {
            throw new IOException(what + ": " + numbers.length + " parts of " + chunk + " bytes are not " + part.path);
        }
        for (int i = 0; i < numbers.length; i++) {
            var to = part(header, numbers[i]);
            var tag = put(to, Map.of(), part, i * chunk, Math.min(chunk, part.size - i * chunk), what);
            done.addObject().put("partNumber", numbers[i]).put("etag", tag);
        }
        finish(address, oid, done, what);
    }

    private static URI part(JsonNode header, int number) {
        var key = header.properties().stream().map(Map.Entry::getKey)
                .filter(name -> name.matches("[0-9]+") && Integer.parseInt(name) == number).findFirst().orElseThrow();
        return URI.create(header.path(key).asString(""));
    }

    private void finish(URI address, String oid, ArrayNode done, String what) throws IOException {
        var body = object().put("oid", oid);
        body.set("parts", done);
        ask("POST", address, Map.of("Content-Type", LFS, "Accept", LFS), text(body), what);
    }

    /// Sends `count` bytes of a file from `from` on; the entity tag that they got.
    private String put(URI to, Map<String, String> headers, Part part, long from, long count, String what)
            throws IOException {
        return web.patiently(() -> 0, () -> {
            try (var answer = web.send("PUT", to, headers, from == 0 && count == part.size
                    ? BodyPublishers.ofFile(part.file) : BodyPublishers.ofByteArray(slice(part.file, from, count)))) {
                require(answer, what + ", " + part.path);
                return answer.header("ETag").orElse("");
            }
        });
    }

    private static byte[] slice(Path file, long from, long count) throws IOException {
        try (var in = Files.newByteChannel(file)) {
            var bytes = java.nio.ByteBuffer.allocate(Math.toIntExact(count));
            in.position(from);
            while (bytes.hasRemaining() && in.read(bytes) >= 0) {
                // until all of it is there, or the file has become shorter
            }
            return Arrays.copyOf(bytes.array(), bytes.position());
        }
    }

    private JsonNode ask(String method, URI address, Map<String, String> headers, BodyPublisher content, String what)
            throws IOException {
        return web.patiently(() -> 0, () -> {
            try (var answer = web.send(method, address, headers, content)) {
                require(answer, what);
                var bytes = answer.bytes(LARGEST_ANSWER);
                return bytes.length == 0 ? object() : JsonMapper.shared().readTree(bytes);
            } catch (JacksonException e) {
                throw new IOException(what + ": the answer is not understood\nhint: is it a hub?", e);
            }
        });
    }

    private static void require(Answer answer, String what) throws IOException {
        int status = answer.status();
        if (status == 401 || status == 403) {
            throw new IOException(what + ": " + answer.address().getHost() + (answer.withToken()
                    ? " does not allow it with this token (" + status + ")\nhint: HF_TOKEN must be a token that may "
                            + "write there"
                    : " asks for a token (" + status + ")\nhint: set HF_TOKEN to a token that may write there"));
        }
        if (status < 200 || status > 299) {
            throw answer.refusal(what);
        }
    }

    private static ObjectNode object() {
        return JsonNodeFactory.instance.objectNode();
    }

    private static BodyPublisher text(JsonNode body) {
        return BodyPublishers.ofString(body.toString());
    }

    private static String line(String key, ObjectNode value) {
        var line = object().put("key", key);
        line.set("value", value);
        return line.toString();
    }

    private URI address(String place) {
        return URI.create(endpoint + "/" + place);
    }
}
