package org.sfumato.nn;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;

/// The linear layers of a network, by dotted path as in [Layer#parameters]: `blocks.0.attention.qkv`.
public final class Linears {
    private Linears() { }

    /// All of them, in the order of the records' components.
    public static Map<String, LinearMap> of(Layer network) {
        var found = new LinkedHashMap<String, LinearMap>();
        replace(network, (path, map) -> {
            found.put(path, map);
            return map;
        });
        return Collections.unmodifiableMap(found);
    }

    /// The same network with what `change` makes of each linear layer in its place; all other parts are shared.
    ///
    /// {@snippet :
    /// var changed = Linears.replace(network, (path, map) -> path.endsWith(".qkv") ? other(map) : map);
    /// }
    ///
    /// @throws IllegalArgumentException if a layer is not a record that can be read and made anew, or has a place for
    ///     one kind of linear layer only
    public static <T extends Layer> T replace(T network, BiFunction<String, LinearMap, LinearMap> change) {
        @SuppressWarnings("unchecked")                                  // a record is made anew as what it was
        var changed = (T) part("", network, change);
        return changed;
    }

    private static Object part(String path, Object value, BiFunction<String, LinearMap, LinearMap> change) {
        return switch (value) {
            case LinearMap map -> change.apply(path, map);
            case Layer layer -> layer(path, layer, change);
            case List<?> list -> list(path, list, change);
            case null, default -> value;                                // an absent part, a parameter or a setting
        };
    }

    private static List<?> list(String path, List<?> list, BiFunction<String, LinearMap, LinearMap> change) {
        var parts = new Object[list.size()];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = part(Parameters.join(path, Integer.toString(i)), list.get(i), change);
        }
        return isSame(list.toArray(), parts) ? list : List.of(parts);
    }

    private static Layer layer(String path, Layer layer, BiFunction<String, LinearMap, LinearMap> change) {
        var components = Parameters.components(layer);
        var before = new Object[components.length];
        var after = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            before[i] = Parameters.read(components[i], layer);
            after[i] = part(Parameters.join(path, components[i].getName()), before[i], change);
        }
        return isSame(before, after) ? layer : anew(path, layer, components, after);
    }

    private static boolean isSame(Object[] before, Object[] after) {
        for (int i = 0; i < before.length; i++) {
            if (before[i] != after[i]) {
                return false;
            }
        }
        return true;
    }

    private static Layer anew(String path, Layer layer, RecordComponent[] components, Object[] parts) {
        var types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
        for (int i = 0; i < parts.length; i++) {
            if (parts[i] instanceof LinearMap map && !types[i].isInstance(map)) {
                throw new IllegalArgumentException("linears: " + Parameters.join(path, components[i].getName())
                        + " has no place for a " + map.getClass().getSimpleName() + ", it takes a "
                        + types[i].getSimpleName() + " only");
            }
        }
        try {
            var constructor = layer.getClass().getDeclaredConstructor(types);
            constructor.trySetAccessible();
            return (Layer) constructor.newInstance(parts);
        } catch (InvocationTargetException e) {
            throw new IllegalArgumentException("linears: " + layer.getClass().getName() + " at \"" + path
                    + "\" refuses its new parts: " + e.getCause().getMessage(), e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("linears: " + layer.getClass().getName() + " cannot be made anew"
                    + "\nhint: make the record public", e);
        }
    }
}
