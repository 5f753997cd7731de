package org.sfumato.tokenizers.pipeline;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import tools.jackson.databind.JsonNode;

/// An object of a JSON file, and where in the file it stands. What it lacks is an [IllegalArgumentException] that says
/// where.
public record Fields(JsonNode node, String path) {

    /// Throws [IllegalArgumentException] where `node` is no object.
    public Fields {
        if (node == null || !node.isObject()) {
            throw new IllegalArgumentException(path + " is no object but " + shown(node));
        }
    }

    /// An error about this object.
    public IllegalArgumentException error(String what) {
        return new IllegalArgumentException(path + ": " + what);
    }

    /// Whether the field is there and not null.
    public boolean has(String name) {
        var value = node.get(name);
        return value != null && !value.isNull();
    }

    JsonNode value(String name) {
        if (!has(name)) {
            throw error("\"" + name + "\" is missing");
        }
        return node.get(name);
    }

    /// Text that must be there.
    public String text(String name) {
        var value = value(name);
        if (!value.isString()) {
            throw wrong(name, "text");
        }
        return value.stringValue();
    }

    /// Text, or `otherwise` where there is none.
    public String text(String name, String otherwise) {
        return has(name) ? text(name) : otherwise;
    }

    /// One character.
    int character(String name) {
        var text = text(name);
        if (text.codePointCount(0, text.length()) != 1) {
            throw wrong(name, "one character");
        }
        return text.codePointAt(0);
    }

    /// True or false, or `otherwise`.
    public boolean flag(String name, boolean otherwise) {
        if (!has(name)) {
            return otherwise;
        }
        if (!value(name).isBoolean()) {
            throw wrong(name, "true or false");
        }
        return value(name).booleanValue();
    }

    /// An int at or above 0 that must be there.
    public int number(String name) {
        var value = value(name);
        if (!value.isIntegralNumber() || !value.canConvertToInt() || value.intValue() < 0) {
            throw wrong(name, "a whole number at or above 0");
        }
        return value.intValue();
    }

    /// An int, or `otherwise`.
    public int number(String name, int otherwise) {
        return has(name) ? number(name) : otherwise;
    }

    /// An object that must be there.
    public Fields object(String name) {
        return new Fields(value(name), path + "." + name);
    }

    /// The items of a list that must be there.
    public List<JsonNode> list(String name) {
        var value = value(name);
        if (!value.isArray()) {
            throw wrong(name, "a list");
        }
        var out = new ArrayList<JsonNode>(value.size());
        value.forEach(out::add);
        return out;
    }

    /// The objects of a list, each read by `reader`.
    public <T> List<T> objects(String name, Function<Fields, T> reader) {
        var out = new ArrayList<T>();
        for (var item : list(name)) {
            out.add(reader.apply(new Fields(item, path + "." + name + "[" + out.size() + "]")));
        }
        return out;
    }

    IllegalArgumentException wrong(String name, String expected) {
        return error("\"" + name + "\" is not " + expected + " but " + shown(node.get(name)));
    }

    IllegalArgumentException unknownType() {
        return error("type \"" + text("type") + "\" is not known");
    }

    private static String shown(JsonNode node) {
        var text = node == null ? "missing" : node.toString();
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }
}
