package org.sfumato.benchmarks;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/// What this process has taken since its start.
///
/// @param garbage bytes of Java objects made by all threads
/// @param faults pages that the system had to bring in, none of them from a disk; empty outside Linux
record Footprint(long garbage, OptionalLong faults) {
    private static final int MINOR_FAULTS = 7;          // the place of minflt after the name in proc_pid_stat(5)

    /// The counters as they stand.
    static Footprint now() {
        var threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        return new Footprint(threads.getTotalThreadAllocatedBytes(), minorFaults());
    }

    /// What came between `before` and this.
    Footprint since(Footprint before) {
        return new Footprint(garbage - before.garbage, faults.isPresent()
                ? OptionalLong.of(faults.getAsLong() - before.faults.orElse(0)) : faults);
    }

    /// The most memory that this process ever held, in bytes; empty outside Linux.
    static OptionalLong peakResident() {
        return status("VmHWM:");
    }

    /// What all threads of this process have taken of the processors, the compiler's included, in nanoseconds.
    static long processorNanos() {
        return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getProcessCpuTime();
    }

    /// The memory that this process holds, in bytes, pages of mapped files included; empty outside Linux.
    static OptionalLong resident() {
        return status("VmRSS:");
    }

    private static OptionalLong status(String key) {
        try (var lines = Files.lines(Path.of("/proc/self/status"))) {
            return lines.filter(line -> line.startsWith(key))
                    .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", ""))).findFirst();
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }

    private static OptionalLong minorFaults() {
        try {
            var text = Files.readString(Path.of("/proc/self/stat"));
            var fields = text.substring(text.lastIndexOf(')') + 2).split(" ");
            return OptionalLong.of(Long.parseLong(fields[MINOR_FAULTS]));
        } catch (IOException e) {
            return OptionalLong.empty();
        }
    }
}
