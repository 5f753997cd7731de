package org.sfumato.cli.train;

import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Presets by their labels.
final class PresetConverter implements ITypeConverter<Preset>, Iterable<String> {
    private static final List<String> LABELS = Arrays.stream(Preset.values()).map(Preset::toString).toList();

    @Override
    public Preset convert(String label) {
        return Arrays.stream(Preset.values()).filter(p -> p.toString().equals(label)).findFirst()
                .orElseThrow(() -> new TypeConversionException("no preset '" + label + "', there are " + LABELS));
    }

    @Override
    public Iterator<String> iterator() {
        return LABELS.iterator();
    }
}
