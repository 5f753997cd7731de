package org.sfumato.tensor;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Platform;
import org.sfumato.tensor.spi.Platform.Presence;

/// The backends that the ServiceLoader finds, by device, each with the account of its memory: those that are always
/// there, and those of a [Platform], opened when they are first asked for.
public final class Backends {
    private static final boolean VECTORS = ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();

    /// Filled at the first use, not before the flag was checked.
    private static final class Found {
        static final Map<Device, Memory> BY_DEVICE = load();
        static final Map<String, Platform> PLATFORMS = platforms();
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

    private static Map<String, Platform> platforms() {
        var platforms = new TreeMap<String, Platform>();
        for (var platform : ServiceLoader.load(Platform.class, Platform.class.getClassLoader())) {
            platforms.put(platform.name(), platform);
        }
        return platforms;
    }

    /// The devices that can be used here. All platforms are asked, which may load drivers.
    public static List<Device> devices() {
        var devices = new ArrayList<>(found().keySet());
        for (var platform : Found.PLATFORMS.values()) {
            if (platform.look() instanceof Presence.Present(int count)) {
                for (int i = 0; i < count; i++) {
                    var device = new Device(platform.name(), i);
                    if (!devices.contains(device)) {
                        devices.add(device);
                    }
                }
            }
        }
        devices.sort(Comparator.comparing(Device::toString));
        return devices;
    }

    /// Why the devices of a platform are not there, by the platform's name.
    public static Map<String, String> absent() {
        found();
        var absent = new TreeMap<String, String>();
        for (var platform : Found.PLATFORMS.values()) {
            if (platform.look() instanceof Presence.Absent(String why)) {
                absent.put(platform.name(), why);
            }
        }
        return absent;
    }

    /// The backend of `device`.
    ///
    /// @throws IllegalArgumentException if there is none, naming those that there are
    public static Backend of(Device device) {
        return memory(device).backend();
    }

    /// The account of the memory of `device`.
    ///
    /// @throws IllegalArgumentException if there is no such device, with the reason if it is known
    public static Memory memory(Device device) {
        var memory = found().get(device);
        return memory != null ? memory : opened(device);
    }

    private static Memory opened(Device device) {
        var platform = Found.PLATFORMS.get(device.backend());
        var why = "";
        if (platform != null) {
            switch (platform.look()) {
                case Presence.Present(int count) when device.index() < count -> {
                    return found().computeIfAbsent(device, _ -> new Memory(platform.open(device.index())));
                }
                case Presence.Present(int count) -> why = ": there are " + count + " of its kind";
                case Presence.Absent(String reason) -> why = ": " + reason;
            }
        }
        throw new IllegalArgumentException("device: '" + device + "' is not available" + why + "\nhint: there are "
                + found().keySet().stream().map(Device::toString).sorted().collect(Collectors.joining(", ")));
    }
}
