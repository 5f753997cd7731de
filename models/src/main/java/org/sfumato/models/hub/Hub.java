package org.sfumato.models.hub;

import java.io.IOException;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// The Hugging Face hub, or a server that speaks as it does.
///
/// ```java
/// try (var web = new Web(Web.Patience.USUAL, Optional.empty())) {
///     var snapshot = new Hub(web, Hub.PUBLIC).snapshot(Repository.parse("openai-community/gpt2"), "main");
/// }
/// ```
///
/// A commit is asked for once, and all files are of that commit. Files kept in Git's large-file storage are checked by
/// their SHA-256, the others by their object id in Git. Source: the hub's interface, as huggingface_hub 1.33 asks it:
/// `/api/models/{repo}/revision/{rev}`, `/api/models/{repo}/tree/{commit}` and `/{repo}/resolve/{commit}/{path}`.
///
/// @param endpoint where it is, without a `/` at the end
public record Hub(Web web, URI endpoint) {
    /// The public hub.
    public static final URI PUBLIC = URI.create("https://huggingface.co");

    private static final int LARGEST_LISTING = 1 << 26;
    private static final int MOST_PAGES = 1000;
    private static final Pattern NEXT = Pattern.compile("<([^>]*)>\\s*;[^,]*\\brel=\"?next\"?");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");

    /// `text` as the address of a hub.
    ///
    /// Throws [IllegalArgumentException] if it is no address of a server.
    public static URI endpoint(String text) {
        try {
            var address = URI.create(text.strip().replaceAll("/+$", ""));
            if (address.getHost() != null && List.of("http", "https").contains(address.getScheme())) {
                return address;
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(notAServer(text), e);
        }
        throw new IllegalArgumentException(notAServer(text));
    }

    private static String notAServer(String text) {
        return "hub: \"" + text + "\" is no address of a server\nhint: as " + PUBLIC + ", in HF_ENDPOINT";
    }

    /// The files of `repository` at `revision`: a branch, a tag or a commit.
    ///
    /// @throws IOException if the hub cannot be reached, refuses, or answers what it should not
    public Snapshot snapshot(Repository repository, String revision) throws IOException {
        var what = "hub: " + repository + (revision.equals("main") ? "" : " at " + revision);
        var info = json(what, address(repository.api() + "/revision/" + encode(revision).replace("/", "%2F")));
        var commit = info.body().path("sha").asString("");
        if (!COMMIT.matcher(commit).matches()) {
            throw strange(what, "no commit");
        }
        var files = new ArrayList<RemoteFile>();
        var page = Optional.of(address(repository.api() + "/tree/" + commit + "?recursive=true&expand=false"));
        for (int pages = 0; page.isPresent(); pages++) {
            if (pages == MOST_PAGES) {
                throw strange(what, "more than " + MOST_PAGES + " pages of files");
            }
            var answer = json(what, page.get());
            if (!answer.body().isArray()) {
                throw strange(what, "no list of files");
            }
            for (var entry : answer.body()) {
                if (entry.path("type").asString("").equals("file")) {
                    files.add(file(what, entry, repository.place() + "/resolve/" + commit + "/"));
                }
            }
            page = answer.next();
        }
        return new Snapshot(repository, commit, List.copyOf(files));
    }

    private RemoteFile file(String what, JsonNode entry, String folder) throws IOException {
        var name = entry.path("path").asString("");
        var size = entry.path("size");
        if (!RemoteFile.staysInside(name)) {
            throw strange(what, "a file \"" + name + "\", which would not lie in its folder");
        }
        if (!size.isIntegralNumber() || !size.canConvertToLong() || size.longValue() < 0) {
            throw strange(what, "no size of " + name);
        }
        try {
            var checksum = entry.has("lfs") ? Checksum.sha256(entry.path("lfs").path("oid").asString(""))
                    : new Checksum(Checksum.Kind.GIT_BLOB, entry.path("oid").asString(""));
            return new RemoteFile(name, address(folder + encode(name)), size.longValue(), Optional.of(checksum));
        } catch (IllegalArgumentException e) {
            throw new IOException(strange(what, "no digest of " + name).getMessage(), e);
        }
    }

    private static IOException strange(String what, String found) {
        return new IOException(what + ": the hub's answer is not understood: " + found
                + "\nhint: is it a hub, or a page to sign in to the network?");
    }

    private record Page(JsonNode body, Optional<URI> next) { }

    private Page json(String what, URI address) throws IOException {
        try {
            return web.patiently(() -> 0, () -> {
                try (var answer = web.get(address, Map.of("Accept", "application/json"))) {
                    if (answer.status() != 200) {
                        throw answer.refusal(what);
                    }
                    var next = NEXT.matcher(String.join(",", answer.headers().allValues("Link")));
                    var body = JsonMapper.shared().readTree(answer.bytes(LARGEST_LISTING));
                    return new Page(body, next.find() ? Optional.of(address.resolve(next.group(1))) : Optional.empty());
                } catch (JacksonException | IllegalArgumentException e) {
                    throw new IOException(strange(what, "no JSON").getMessage(), e);
                }
            });
        } catch (NetworkException e) {
            throw new IOException(e.getMessage().startsWith(what) ? e.getMessage() : what + ": " + e.getMessage(), e);
        }
    }

    private URI address(String place) {
        return URI.create(endpoint + "/" + place);
    }

    /// Percent-encoded, with `/` between the parts of a path kept.
    private static String encode(String path) {
        return Stream.of(path.split("/", -1))
                .map(part -> URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20"))
                .collect(Collectors.joining("/"));
    }
}
