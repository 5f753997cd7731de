package org.sfumato.tensor.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// The sizes in bytes of the second cache and of the last one, where the system tells them; else common ones. They
/// choose how work is cut into blocks, which no result depends on.
record Caches(long second, long last) {
    /// Those of this machine.
    static final Caches HERE = read(Path.of("/sys/devices/system/cpu/cpu0/cache"));

    private static final long SECOND = 512 << 10;
    private static final long LAST = 8 << 20;

    /// Reads `indexN/level` and `indexN/size` in `directory`.
    static Caches read(Path directory) {
        long second = 0;
        long last = 0;
        for (int index = 0; index < 8; index++) {
            try {
                var cache = directory.resolve("index" + index);
                int level = Integer.parseInt(Files.readString(cache.resolve("level")).strip());
                long size = bytes(Files.readString(cache.resolve("size")).strip());
                second = level == 2 ? size : second;
                last = level > 2 ? Math.max(last, size) : last;
            } catch (IOException | NumberFormatException _) {
                break; // no more caches, or not Linux
            }
        }
        return new Caches(second == 0 ? SECOND : second, last == 0 ? LAST : last);
    }

    private static long bytes(String size) {
        long unit = size.endsWith("K") ? 1 << 10 : size.endsWith("M") ? 1 << 20 : 1;
        return unit * Long.parseLong(unit == 1 ? size : size.substring(0, size.length() - 1));
    }
}
