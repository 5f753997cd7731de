package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import org.sfumato.nn.Activation;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/// A `config.json`, whose fields are asked for by name and checked for their kind.
record ConfigJson(Path file, JsonNode tree) {
    private static final Map<String, Activation> ACTIVATIONS = Map.of("gelu", Activation.GELU, "gelu_new",
            Activation.GELU_TANH, "gelu_pytorch_tanh", Activation.GELU_TANH, "relu", Activation.RELU, "silu",
            Activation.SILU, "swish", Activation.SILU);

    static ConfigJson read(Path file) throws IOException {
        String text;
        try {
            text = Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new FormatException("pretrained", file, "there is no such file\nhint: name a folder as downloaded "
                    + "from the hub", e);
        }
        try {
            var tree = JsonMapper.shared().readTree(text);
            if (!tree.isObject()) {
                throw new FormatException("pretrained", file, "is no JSON object");
            }
            return new ConfigJson(file, tree);
        } catch (JacksonException e) {
            throw new FormatException("pretrained", file, "is no JSON: " + e.getOriginalMessage(), e);
        }
    }

    /// The metadata of a file of tensors, whose values are JSON but for texts.
    static ConfigJson of(Path file, Map<String, String> metadata) {
        var tree = JsonMapper.shared().createObjectNode();
        metadata.forEach((name, value) -> {
            try {
                tree.set(name, JsonMapper.shared().readTree(value));
            } catch (JacksonException e) {
                tree.put(name, value);                                  // text without quotes
            }
        });
        return new ConfigJson(file, tree);
    }

    boolean has(String name) {
        return tree.hasNonNull(name);
    }

    ConfigJson part(String name) throws FormatException {
        var part = tree.get(name);
        if (part == null || !part.isObject()) {
            throw wrong(name, "an object");
        }
        return new ConfigJson(file, part);
    }

    int integer(String name) throws FormatException {
        var value = tree.get(name);
        if (value == null || !value.isIntegralNumber() || !value.canConvertToInt()) {
            throw wrong(name, "an integer");
        }
        return value.intValue();
    }

    int integer(String name, int otherwise) throws FormatException {
        return has(name) ? integer(name) : otherwise;
    }

    double number(String name) throws FormatException {
        var value = tree.get(name);
        if (value == null || !value.isNumber()) {
            throw wrong(name, "a number");
        }
        return value.doubleValue();
    }

    double number(String name, double otherwise) throws FormatException {
        return has(name) ? number(name) : otherwise;
    }

    boolean truth(String name, boolean otherwise) throws FormatException {
        var value = tree.get(name);
        if (!has(name)) {
            return otherwise;
        }
        if (!value.isBoolean()) {
            throw wrong(name, "true or false");
        }
        return value.booleanValue();
    }

    String text(String name, String otherwise) throws FormatException {
        var value = tree.get(name);
        if (!has(name)) {
            return otherwise;
        }
        if (!value.isString()) {
            throw wrong(name, "text");
        }
        return value.stringValue();
    }

    /// The activation that the field names.
    Activation activation(String name, String otherwise) throws FormatException {
        var text = text(name, otherwise);
        var activation = ACTIVATIONS.get(text);
        if (activation == null) {
            throw unsupported(name, text);
        }
        return activation;
    }

    /// Refuses a setting that changes what the network computes.
    void require(String name, boolean value, boolean otherwise) throws FormatException {
        if (truth(name, otherwise) != value) {
            throw unsupported(name, String.valueOf(!value));
        }
    }

    FormatException unsupported(String name, String value) {
        return new FormatException("pretrained", file, "\"" + name + "\": " + value + " is not supported");
    }

    private FormatException wrong(String name, String what) {
        return new FormatException("pretrained", file, "field \"" + name + "\" "
                + (tree.has(name) ? "is not " + what + ": " + tree.get(name) : "is missing"));
    }
}
