package org.sfumato.models.hub;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Flow;
import java.util.function.LongSupplier;

/// Requests over HTTP. Redirects are followed by hand, so that the token is shown to its own server only.
public final class Web implements AutoCloseable {
    private static final int MOST_REDIRECTS = 10;
    private static final int ATTEMPTS = 5;
    private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);

    private final HttpClient client;
    private final Patience patience;
    private final Optional<Token> token;
    private volatile boolean reached;

    /// How long to wait.
    ///
    /// @param connect for a connection
    /// @param silence for the next bytes
    /// @param pause before the second attempt; doubled before each further one
    public record Patience(Duration connect, Duration silence, Duration pause) {
        /// 15 seconds for a connection, a minute for bytes, a second before the second attempt.
        public static final Patience USUAL =
                new Patience(Duration.ofSeconds(15), Duration.ofMinutes(1), Duration.ofSeconds(1));
    }

    /// What proves to a server who asks.
    ///
    /// @param server the scheme, host and port that may see it
    public record Token(URI server, String secret) {
        /// Throws [IllegalArgumentException] if `secret` cannot be part of a header; it is not repeated.
        public Token {
            if (secret.isBlank() || !secret.chars().allMatch(c -> c > ' ' && c < 0x7F)) {
                throw new IllegalArgumentException("token: it has blanks or characters beyond ASCII, or is empty\n"
                        + "hint: HF_TOKEN holds the token alone");
            }
        }

        boolean isFor(URI address) {
            return server.getScheme().equalsIgnoreCase(address.getScheme())
                    && server.getHost().equalsIgnoreCase(address.getHost()) && port(server) == port(address);
        }

        private static int port(URI address) {
            return address.getPort() >= 0 ? address.getPort() : address.getScheme().equals("https") ? 443 : 80;
        }

        @Override
        public String toString() {
            return "token for " + server;
        }
    }

    public Web(Patience patience, Optional<Token> token) {
        this.patience = patience;
        this.token = token;
        this.client = HttpClient.newBuilder().followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1).connectTimeout(patience.connect()).build();
    }

    /// Something that can be tried again.
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException;
    }

    /// The result of `attempt`, which is repeated when the network fails: up to five times in a row without a byte
    /// more, and not at all before some server was reached.
    <T> T patiently(LongSupplier bytes, Attempt<T> attempt) throws IOException {
        for (int failures = 1;; failures++) {
            long before = bytes.getAsLong();
            try {
                return attempt.run();
            } catch (NetworkException e) {
                failures = bytes.getAsLong() > before ? 1 : failures;
                if (failures == ATTEMPTS || !reached) {
                    throw e;
                }
                sleep(patience.pause().multipliedBy(1L << (failures - 1)), e.waiting());
            }
        }
    }

    private static void sleep(Duration pause, Duration asked) throws IOException {
        try {
            Thread.sleep(pause.compareTo(asked) > 0 ? pause : asked);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /// The answer to a GET, after all redirects; to be closed.
    ///
    /// @throws NetworkException if there is none
    Answer get(URI address, Map<String, String> headers) throws IOException {
        var at = address;
        HttpResponse<Flow.Publisher<List<ByteBuffer>>> first = null;
        for (int hop = 0; hop <= MOST_REDIRECTS; hop++) {
            var response = once("GET", at, headers, HttpRequest.BodyPublishers.noBody());
            first = first == null ? response : first;
            var body = new Body(at.getHost(), patience.silence());
            response.body().subscribe(body);
            if (!REDIRECTS.contains(response.statusCode())) {
                return new Answer(address, response.statusCode(), shows(at), first.headers(), response.headers(), body);
            }
            body.close();
            at = target(at, response);
        }
        throw new IOException(address.getHost() + " redirects more than " + MOST_REDIRECTS + " times");
    }

    /// The answer to a request with content; to be closed. Redirects are not followed: what is sent is meant for the
    /// server that is asked.
    ///
    /// @throws NetworkException if there is none
    Answer send(String method, URI address, Map<String, String> headers, HttpRequest.BodyPublisher content)
            throws IOException {
        var response = once(method, address, headers, content);
        var body = new Body(address.getHost(), patience.silence());
        response.body().subscribe(body);
        return new Answer(address, response.statusCode(), shows(address), response.headers(), response.headers(), body);
    }

    private boolean shows(URI address) {
        return token.isPresent() && token.get().isFor(address);
    }

    private HttpResponse<Flow.Publisher<List<ByteBuffer>>> once(String method, URI at, Map<String, String> headers,
            HttpRequest.BodyPublisher content) throws IOException {
        var request = HttpRequest.newBuilder(at).timeout(patience.silence()).header("User-Agent", "sfumato")
                .header("Accept-Encoding", "identity").method(method, content);
        headers.forEach(request::header);
        if (shows(at)) {
            request.header("Authorization", "Bearer " + token.get().secret());
        }
        try {
            var response = client.send(request.build(), BodyHandlers.ofPublisher());
            reached = true;
            return response;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        } catch (IOException e) {
            throw new NetworkException("cannot reach " + at.getHost() + ": " + reason(e)
                    + "\nhint: is there a network? For a mirror of the hub set HF_ENDPOINT", e);
        }
    }

    private String reason(IOException e) {
        return switch (e) {
            case ConnectException c when c.getCause() != null
                    && c.getCause().getCause() instanceof UnresolvedAddressException -> "nobody knows its address";
            case ConnectException c when c.getCause() instanceof UnresolvedAddressException ->
                "nobody knows its address";
            case HttpConnectTimeoutException _ -> "no connection within " + patience.connect().toSeconds() + " s";
            case ConnectException _ -> "it takes no connection";
            case HttpTimeoutException _ -> "no answer within " + patience.silence().toSeconds() + " s";
            default -> String.valueOf(e.getMessage()).lines().findFirst().orElse("no reason given");
        };
    }

    private static URI target(URI from, HttpResponse<?> response) throws IOException {
        var location = response.headers().firstValue("Location")
                .orElseThrow(() -> new IOException(from.getHost() + " redirects to nowhere"));
        try {
            var to = from.resolve(new URI(location));
            var scheme = String.valueOf(to.getScheme()).toLowerCase(Locale.ROOT);
            if (to.getHost() == null || !scheme.equals("https")
                    && !(scheme.equals("http") && from.getScheme().equalsIgnoreCase("http"))) {
                throw new IOException(from.getHost() + " redirects to what is no HTTPS address");
            }
            return to;
        } catch (URISyntaxException e) {
            throw new IOException(from.getHost() + " redirects to what is no address", e);
        }
    }

    @Override
    public void close() {
        client.shutdownNow();
        client.close();
    }
}
