package org.sfumato.models.hub;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// What a server answered, after all redirects.
///
/// @param address that was asked, before any redirect
/// @param withToken whether a token was shown to the server that answered
/// @param first the headers of the first answer, which may be a redirect
record Answer(URI address, int status, boolean withToken, HttpHeaders first, HttpHeaders headers, Body body)
        implements AutoCloseable {
    private static final Duration LONGEST_WAIT = Duration.ofMinutes(1);

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    /// The entity tag, if it promises the same bytes. Source: RFC 9110, 8.8.3.
    Optional<String> strongTag() {
        return header("ETag").filter(tag -> tag.startsWith("\"") && tag.endsWith("\"") && tag.length() > 2);
    }

    /// The digest of a file that the hub keeps elsewhere.
    Optional<Checksum> linkedChecksum() {
        return first.firstValue("X-Linked-Etag").map(tag -> tag.replace("\"", ""))
                .filter(tag -> tag.matches("[0-9a-f]{64}")).map(Checksum::sha256);
    }

    /// The whole content, of at most `most` bytes.
    byte[] bytes(int most) throws IOException {
        var bytes = new ByteArrayOutputStream();
        var channel = Channels.newChannel(bytes);
        for (List<ByteBuffer> pieces; !(pieces = body.next()).isEmpty();) {
            for (var piece : pieces) {
                channel.write(piece);
            }
            if (bytes.size() > most) {
                throw new IOException(address.getHost() + " sends more than " + most + " bytes");
            }
        }
        return bytes.toByteArray();
    }

    /// The error that this answer is. `what` was asked for.
    IOException refusal(String what) {
        var host = address.getHost();
        var code = first.firstValue("X-Error-Code").or(() -> header("X-Error-Code")).orElse("");
        if (code.equals("GatedRepo") || status == 403) {
            return new IOException(what + ": " + host + " gives it only to those who accepted its terms (" + status
                    + ")\nhint: accept them on its page there, and set HF_TOKEN to a token of that account");
        }
        return switch (status) {
            case 401 -> new IOException(withToken
                    ? what + ": " + host + " does not accept the token (401)\nhint: HF_TOKEN must be a token that may "
                            + "read it"
                    : what + ": " + host + " does not show it to everybody: it does not exist, is private, or gated "
                            + "(401)\nhint: check the name, or set HF_TOKEN to a token that may read it");
            case 404 -> new IOException(what + ": " + host + switch (code) {
                case "RepoNotFound" -> " has no such repository\nhint: check the name; data sets begin with datasets/";
                case "RevisionNotFound" -> " has no such revision\nhint: a branch, a tag or a commit of it";
                default -> " has no such file (404)\nhint: check the name";
            });
            case 408, 429, 500, 502, 503, 504 -> busy(what + ": " + host + " is busy (" + status + ")");
            default -> new IOException(what + ": " + host + " answers " + status
                    + first.firstValue("X-Error-Message").map(text -> ", " + text.lines().findFirst().orElse(""))
                            .orElse(""));
        };
    }

    private IOException busy(String message) {
        var asked = header("Retry-After").filter(text -> text.matches("[0-9]{1,9}"))
                .map(text -> Duration.ofSeconds(Long.parseLong(text))).orElse(Duration.ZERO);
        return asked.compareTo(LONGEST_WAIT) > 0
                ? new IOException(message + "\nhint: try again in " + asked.toSeconds() + " s")
                : new NetworkException(message, asked, null);
    }

    @Override
    public void close() {
        body.close();
    }
}
