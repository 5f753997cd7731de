package org.sfumato.models.trace;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sfumato.models.diffusion.Canvas;
import org.sfumato.models.diffusion.Sampler.Choice;
import org.sfumato.models.diffusion.Sampler.Step;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Traces as JSON: an object that begins, then one for each step. A step says what was chosen,
/// `[place, token, probability, entropy]`, and what else is other than before, `[place, token]`.
final class TraceJson {
    /// Writes ASCII only.
    static final JsonMapper MAPPER = JsonMapper.builder().enable(JsonWriteFeature.ESCAPE_NON_ASCII).build();

    private static final String FORMAT = "sfumato-trace";
    private static final int VERSION = 1;
    private static final long LARGEST = 1L << 28;

    private TraceJson() { }

    static ObjectNode begin(Trace trace) {
        var node = JsonNodeFactory.instance.objectNode();
        node.put("format", FORMAT).put("version", VERSION).put("steps", trace.steps().size());
        trace.settings().forEach(node.putObject("settings")::put);
        var tokens = node.putObject("tokens");
        trace.tokens().forEach((id, text) -> tokens.put(id.toString(), text));
        var ids = node.putArray("ids");
        Arrays.stream(trace.canvas().ids()).forEach(ids::add);
        var open = node.putArray("open");
        Arrays.stream(trace.canvas().places()).forEach(open::add);
        return node;
    }

    static List<ObjectNode> steps(Trace trace) {
        var nodes = new ArrayList<ObjectNode>();
        var now = trace.canvas().ids().clone();
        for (var step : trace.steps()) {
            var node = JsonNodeFactory.instance.objectNode();
            node.put("number", step.number()).put("most", step.most());
            var chosen = node.putArray("chosen");
            for (var choice : step.choices()) {
                number(number(chosen.addArray().add(choice.place()).add(choice.token()), choice.confidence()),
                        choice.entropy());
                now[choice.place()] = choice.token();
            }
            var others = node.putArray("others");
            for (int i = 0; i < now.length; i++) {
                if (now[i] != step.ids()[i]) {
                    others.addArray().add(i).add(step.ids()[i]);
                    now[i] = step.ids()[i];
                }
            }
            nodes.add(node);
        }
        return nodes;
    }

    private static ArrayNode number(ArrayNode list, double value) {
        return Double.isFinite(value) ? list.add((float) value) : list.addNull();
    }

    /// What the object that begins says.
    record Beginning(Map<String, String> settings, Canvas canvas, Map<Integer, String> tokens, int steps) { }

    /// @throws IllegalArgumentException if it is no trace, or one of another version
    static Beginning beginning(JsonNode node) {
        require(node.isObject() && node.path("format").asString("").equals(FORMAT), "is no trace");
        int version = whole(node.get("version"), "version");
        require(version == VERSION, "is of version " + version + "\nhint: this program reads version " + VERSION);
        int count = whole(node.get("steps"), "steps");
        var ids = wholes(node.get("ids"), "ids");
        require(count >= 0 && (long) count * ids.length <= LARGEST,
                "has " + count + " steps of " + ids.length + " places, which is too much");
        var open = new boolean[ids.length];
        for (int place : wholes(node.get("open"), "open")) {
            require(place >= 0 && place < open.length, "has an open place " + place + " of " + open.length);
            open[place] = true;
        }
        var settings = new LinkedHashMap<String, String>();
        fields(node, "settings").forEach(e -> settings.put(e.getKey(), text(e.getValue(), "settings")));
        var tokens = new HashMap<Integer, String>();
        for (var e : fields(node, "tokens")) {
            require(e.getKey().matches("\\d{1,9}"), "has a token " + e.getKey());
            tokens.put(Integer.valueOf(e.getKey()), text(e.getValue(), "tokens"));
        }
        return new Beginning(settings, new Canvas(ids, open), tokens, count);
    }

    private static Iterable<Map.Entry<String, JsonNode>> fields(JsonNode node, String name) {
        require(node.path(name).isObject(), "has no object " + name);
        return node.get(name).properties();
    }

    /// @param now the ids before the step, which become those after it
    /// @throws IllegalArgumentException if it does not fit
    static Step step(JsonNode node, int[] now) {
        var choices = new ArrayList<Choice>();
        for (var chosen : list(node.get("chosen"), "chosen")) {
            var choice = new Choice(place(chosen, now), whole(chosen.get(1), "token"),
                    number(chosen.get(2), "probability"), number(chosen.get(3), "entropy"));
            now[choice.place()] = choice.token();
            choices.add(choice);
        }
        for (var other : list(node.get("others"), "others")) {
            now[place(other, now)] = whole(other.get(1), "token");
        }
        return new Step(whole(node.get("number"), "number"), whole(node.get("most"), "most"), now.clone(), choices);
    }

    private static int place(JsonNode node, int[] now) {
        int place = whole(node.get(0), "place");
        require(place >= 0 && place < now.length, "has a place " + place + " of " + now.length);
        return place;
    }

    private static int whole(JsonNode node, String name) {
        require(node != null && node.isInt(), "has no number " + name);
        return node.intValue();
    }

    private static double number(JsonNode node, String name) {
        require(node != null && (node.isNumber() || node.isNull()), "has no number " + name);
        return node.isNull() ? Double.NaN : (float) node.doubleValue();
    }

    private static String text(JsonNode node, String name) {
        require(node.isString(), "has no text in " + name);
        return node.stringValue();
    }

    private static JsonNode list(JsonNode node, String name) {
        require(node != null && node.isArray(), "has no list " + name);
        return node;
    }

    private static int[] wholes(JsonNode node, String name) {
        var values = new int[list(node, name).size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = whole(node.get(i), name);
        }
        return values;
    }

    private static void require(boolean right, String what) {
        if (!right) {
            throw new IllegalArgumentException(what);
        }
    }
}
