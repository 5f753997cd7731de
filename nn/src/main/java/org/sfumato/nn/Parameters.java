package org.sfumato.nn;

import java.lang.reflect.RecordComponent;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sfumato.tensor.Tensor;

/// Finds the parameters of a layer in its record components, and copies values between sets of parameters of the same
/// names.
public final class Parameters {
    private Parameters() { }

    /// The parameters of `layer` by dotted path.
    ///
    /// @throws IllegalArgumentException if the layer is not a record, or its components cannot be read
    public static Map<String, Tensor> of(Layer layer) {
        var found = new LinkedHashMap<String, Tensor>();
        collect("", layer, found, Collections.newSetFromMap(new IdentityHashMap<>()));
        return Collections.unmodifiableMap(found);
    }

    private static void collect(String path, Object value, Map<String, Tensor> found, Set<Tensor> seen) {
        switch (value) {
            case Tensor tensor when seen.add(tensor) -> found.put(path, tensor);
            case Layer layer -> {
                for (var component : components(layer)) {
                    collect(join(path, component.getName()), read(component, layer), found, seen);
                }
            }
            case List<?> list -> {
                for (int i = 0; i < list.size(); i++) {
                    collect(join(path, Integer.toString(i)), list.get(i), found, seen);
                }
            }
            case Map<?, ?> map -> map.forEach((key, part) -> collect(join(path, key.toString()), part, found, seen));
            case null, default -> { }                                   // an absent part, or a setting
        }
    }

    static RecordComponent[] components(Layer layer) {
        if (!layer.getClass().isRecord()) {
            throw new IllegalArgumentException("parameters: " + layer.getClass().getName() + " is not a record");
        }
        return layer.getClass().getRecordComponents();
    }

    static Object read(RecordComponent component, Layer layer) {
        try {
            var accessor = component.getAccessor();
            accessor.trySetAccessible();
            return accessor.invoke(layer);
        } catch (ReflectiveOperationException e) {
            throw new IllegalArgumentException("parameters: cannot read " + component + " of " + layer.getClass()
                    .getName()
                    + "\nhint: make the record public", e);
        }
    }

    static String join(String path, String name) {
        return path.isEmpty() ? name : path + "." + name;
    }

    /// Copies `values` into `parameters`, name by name, in place.
    ///
    /// @throws IllegalArgumentException if names are missing or left over, or a shape or type differs; nothing is
    /// copied then
    public static void load(Map<String, Tensor> parameters, Map<String, Tensor> values) {
        var problems = new java.util.ArrayList<String>();
        parameters.forEach((name, parameter) -> {
            var value = values.get(name);
            if (value == null) {
                problems.add("missing: " + name + " " + parameter.spec());
            } else if (!value.spec().equals(parameter.spec())) {
                problems.add("differs: " + name + " is " + value.spec() + ", needed " + parameter.spec());
            }
        });
        values.keySet().stream().filter(name -> !parameters.containsKey(name))
                .forEach(name -> problems.add("unexpected: " + name));
        if (!problems.isEmpty()) {
            throw new IllegalArgumentException("parameters do not fit the model:\n"
                    + String.join("\n", problems.subList(0, Math.min(6, problems.size())))
                    + (problems.size() > 6 ? "\n... and " + (problems.size() - 6) + " more" : ""));
        }
        parameters.forEach((name, parameter) -> parameter.assign(values.get(name)));
    }
}
