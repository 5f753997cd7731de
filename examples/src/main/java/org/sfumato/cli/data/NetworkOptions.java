package org.sfumato.cli.data;

import java.net.URI;
import java.util.Optional;
import org.sfumato.models.hub.Hub;
import org.sfumato.models.hub.Web;
import picocli.CommandLine.Option;

/// What commands that load files share: `@Mixin NetworkOptions network;`. The token is read from the environment alone,
/// as a command line is seen by others.
final class NetworkOptions {

    @Option(names = "--endpoint", paramLabel = "URL", defaultValue = "${env:HF_ENDPOINT:-https://huggingface.co}",
            description = "The hub, or a mirror of it. Default: HF_ENDPOINT, else ${DEFAULT-VALUE}.")
    private String endpoint;

    @Option(names = "--replace", description = "Replace files that are there and differ.")
    boolean replace;

    URI endpoint() {
        return Hub.endpoint(endpoint);
    }

    /// Connections that show the token in HF_TOKEN to the hub.
    Web web() {
        return web(endpoint());
    }

    /// Connections that show the token in HF_TOKEN to the hub at `endpoint`.
    static Web web(URI endpoint) {
        var token = Optional.ofNullable(System.getenv("HF_TOKEN")).map(String::strip).filter(text -> !text.isEmpty());
        return new Web(Web.Patience.USUAL, token.map(text -> new Web.Token(endpoint, text)));
    }
}
