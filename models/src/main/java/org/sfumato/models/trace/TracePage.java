package org.sfumato.models.trace;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import tools.jackson.databind.JsonNode;

/// Traces as pages: the template `trace.html` with [TraceJson] in it as data, which the script of the page only ever
/// shows as text.
final class TracePage {
    private static final String TEMPLATE = "trace.html";

    private TracePage() { }

    static String of(Trace trace) {
        var steps = TraceJson.MAPPER.createArrayNode().addAll(TraceJson.steps(trace));
        var data = TraceJson.begin(trace).set("all", steps);
        var page = put(template(), "{{trace}}", script(data));          // the last one first: what is put in is not
        return put(page, "{{text}}", escaped(trace.text(trace.ids(), "\u2591")));         // searched again
    }

    private static String put(String page, String name, String what) {
        int at = page.indexOf(name);
        return page.substring(0, at) + what + page.substring(at + name.length());
    }

    /// JSON that no HTML parser takes for markup. The three characters occur in strings only.
    private static String script(JsonNode data) {
        return TraceJson.MAPPER.writeValueAsString(data).replace("<", "\\u003c").replace(">", "\\u003e")
                .replace("&", "\\u0026");
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }

    private static String template() {
        try (var in = TracePage.class.getResourceAsStream(TEMPLATE)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
