package org.sfumato.tensor;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.sfumato.tensor.spi.Backend;

/// The backends that the ServiceLoader finds, by device, each with the account of its memory.
public final class Backends {
    private static final boolean VECTORS = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    /// Filled at the first use, not before the flag was checked.
    private static final class Found {
        static final Map<Device, Memory> BY_DEVICE = load();
    }

    private Backends() { }

    private static Map<Device, Memory> found() {
        if (!VECTORS) {
            throw new IllegalStateException("sfumato: the Vector API is not visible to this program"
                    + "\nhint: start java with --add-modules jdk.incubator.vector --enable-native-access=ALL-UNNAMED");
        }
        return Found.BY_DEVICE;
    }

    private static Map<Device, Memory> load() {
        var found = new ConcurrentHashMap<Device, Memory>();
        for (var backend : ServiceLoader.load(Backend.class, Backend.class.getClassLoader())) {
            found.put(backend.device(), new Memory(backend));
        }
        return found;
    }

    /// The devices that can be used here.
    public static java.util.List<Device> devices() {
        return found().keySet().stream().sorted(java.util.Comparator.comparing(Device::toString)).toList();
    }

    /// The backend of `device`.
    ///
    /// @throws IllegalArgumentException if there is none, naming those that there are
    public static Backend of(Device device) {
        return memory(device).backend();
    }

    /// The account of the memory of `device`.
    ///
    /// @throws IllegalArgumentException if there is no such device
    public static Memory memory(Device device) {
        var memory = found().get(device);
        if (memory == null) {
            throw new IllegalArgumentException("device: '" + device + "' is not available\nhint: there are "
                    + found().keySet().stream().map(Device::toString).sorted().collect(Collectors.joining(", ")));
        }
        return memory;
    }
}
