package org.sfumato.tensor;

import java.util.Set;

/// The settings of the process, read once from system properties. An unknown name or a value that cannot be read stops
/// the program with the reason: a misspelt switch that does nothing is worse than none.
///
/// | property | meaning | default |
/// |---|---|---|
/// | `sfumato.device` | the device of tensors made without naming one | `cpu` |
/// | `sfumato.threads` | threads of the CPU engine, the caller included | physical cores |
/// | `sfumato.checkNan` | `true`: every operation whose result holds a NaN is an error that names it | `false` |
/// | `sfumato.trackLeaks` | `true`: leak reports show where each leaked tensor was made | `false` |
public record Settings(Device device, int threads, boolean checkNan, boolean trackLeaks) {
    private static final Set<String> KNOWN = Set.of("sfumato.device", "sfumato.threads", "sfumato.checkNan",
            "sfumato.trackLeaks");
    private static final Settings CURRENT = read();

    /// The settings of this process.
    public static Settings current() {
        return CURRENT;
    }

    private static Settings read() {
        for (var name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("sfumato.") && !KNOWN.contains(name)) {
                throw new IllegalArgumentException("settings: unknown property " + name + "\nhint: known are " + KNOWN);
            }
        }
        int processors = Runtime.getRuntime().availableProcessors();
        return new Settings(Device.of(System.getProperty("sfumato.device", "cpu")),
                threads(System.getProperty("sfumato.threads", Integer.toString(processors))),
                flag("sfumato.checkNan"), flag("sfumato.trackLeaks"));
    }

    private static int threads(String text) {
        try {
            int threads = Integer.parseInt(text);
            if (threads >= 1 && threads <= 1024) {
                return threads;
            }
        } catch (NumberFormatException e) {
            // said below
        }
        throw new IllegalArgumentException("settings: sfumato.threads = '" + text + "' is not a number in [1, 1024]");
    }

    private static boolean flag(String name) {
        return switch (System.getProperty(name, "false")) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("settings: " + name + " must be true or false");
        };
    }
}
