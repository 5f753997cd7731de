package org.sfumato.nn.checkpoint;

import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;
import tools.jackson.core.exc.InputCoercionException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.cfg.CoercionAction;
import tools.jackson.databind.cfg.CoercionInputShape;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.cfg.MapperConfig;
import tools.jackson.databind.exc.MismatchedInputException;
import tools.jackson.databind.exc.UnrecognizedPropertyException;
import tools.jackson.databind.exc.ValueInstantiationException;
import tools.jackson.databind.introspect.AccessorNamingStrategy;
import tools.jackson.databind.introspect.AnnotatedClass;
import tools.jackson.databind.introspect.AnnotatedMethod;
import tools.jackson.databind.introspect.DefaultAccessorNamingStrategy;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.type.LogicalType;

/// Records of settings as JSON objects: one field per component, enums by name, records inside records as objects.
///
/// Reading is strict, so that a setting misspelt or lost is an error and not a default: every component must be there,
/// not null, of its own kind, and nothing else. A record of a named module must be public in an exported package, or
/// its package be opened to `tools.jackson.databind`.
public final class RecordJson {
    private static final JsonMapper STRICT = JsonMapper.builder()
            .accessorNaming(new Components())
            .enable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES,
                    DeserializationFeature.FAIL_ON_MISSING_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_CREATOR_PROPERTIES,
                    DeserializationFeature.FAIL_ON_NULL_FOR_PRIMITIVES)
            .enable(EnumFeature.FAIL_ON_NUMBERS_FOR_ENUMS)
            .disable(EnumFeature.READ_ENUMS_USING_TO_STRING, EnumFeature.WRITE_ENUMS_USING_TO_STRING)
            .disable(DeserializationFeature.ACCEPT_FLOAT_AS_INT)
            .disable(MapperFeature.ALLOW_COERCION_OF_SCALARS, MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .withCoercionConfig(LogicalType.Textual, c -> c.setCoercion(CoercionInputShape.Integer, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Float, CoercionAction.Fail)
                    .setCoercion(CoercionInputShape.Boolean, CoercionAction.Fail))
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();

    private RecordJson() { }

    /// `value` as a JSON object.
    ///
    /// @throws IllegalArgumentException if a component has no form in JSON
    public static ObjectNode write(Record value) {
        try {
            return STRICT.valueToTree(value);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(value.getClass().getSimpleName() + ": " + e.getOriginalMessage(), e);
        }
    }

    /// The record that `tree` describes.
    ///
    /// @throws IllegalArgumentException if a field is missing, unknown or of the wrong kind, or the record refuses the
    ///     values
    public static <R extends Record> R read(Class<R> type, JsonNode tree) {
        if (!tree.isObject()) {
            throw new IllegalArgumentException(type.getSimpleName() + ": " + shortened(tree) + " is no JSON object");
        }
        try {
            return STRICT.treeToValue(tree, type);
        } catch (JacksonException e) {
            throw new IllegalArgumentException(type.getSimpleName() + ": " + what(e, tree) + "\nhint: its fields are "
                    + Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName)
                    .collect(Collectors.joining(", ")), e);
        }
    }

    /// `tree` as text over several lines.
    static String text(JsonNode tree) {
        return STRICT.writeValueAsString(tree) + "\n";
    }

    private static String what(JacksonException e, JsonNode tree) {
        var name = new StringBuilder();
        JsonNode found = tree;
        for (var step : e.getPath()) {
            boolean listed = step.getPropertyName() == null;
            name.append(listed ? "[" + step.getIndex() + "]" : "." + step.getPropertyName());
            found = listed ? found.path(step.getIndex()) : found.path(step.getPropertyName());
        }
        var field = name.isEmpty() ? "it" : "field \"" + name.substring(1) + "\"";
        if (found.isMissingNode()) {
            return field + " is missing";
        }
        var value = shortened(found);
        return switch (e) {
            case UnrecognizedPropertyException _ -> field + " is unknown";
            case ValueInstantiationException refused -> field + " is refused: " + refused.getCause().getMessage();
            case MismatchedInputException wrong -> field + " is " + value + kind(wrong.getTargetType());
            case InputCoercionException wrong -> field + " is " + value + kind(wrong.getTargetType());
            default -> field + ": " + e.getOriginalMessage();
        };
    }

    private static String kind(Class<?> wanted) {
        if (wanted == null || wanted.isRecord()) {
            return "";
        }
        return wanted.isEnum() ? ", not one of " + Arrays.stream(wanted.getEnumConstants())
                .map(constant -> ((Enum<?>) constant).name()).collect(Collectors.joining(", "))
                : ", not of type " + wanted.getSimpleName();
    }

    private static String shortened(JsonNode value) {
        var text = value.toString();
        return text.length() > 60 ? text.substring(0, 60) + "..." : text;
    }

    /// Jackson also writes methods named `isX` and `getX`; a record's data are its components.
    private static final class Components extends DefaultAccessorNamingStrategy.Provider {
        private static final long serialVersionUID = 1L;

        @Override
        public AccessorNamingStrategy forRecord(MapperConfig<?> config, AnnotatedClass type) {
            return new DefaultAccessorNamingStrategy.RecordNaming(config, type) {
                @Override
                public String findNameForRegularGetter(AnnotatedMethod method, String name) {
                    return _fieldNames.contains(name) ? name : null;
                }

                @Override
                public String findNameForIsGetter(AnnotatedMethod method, String name) {
                    return null;
                }
            };
        }
    }
}
