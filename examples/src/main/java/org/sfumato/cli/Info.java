package org.sfumato.cli;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Version;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Settings;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;

/// `sfumato info`: what this machine offers.
@Command(name = "info", description = "Show the JDK, the processor, the memory and the devices.")
final class Info implements Callable<Integer> {

    @Mixin
    Common common;

    @Override
    public Integer call() {
        var system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        var hotspot = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
        var simd = 8 * Integer.parseInt(hotspot.getVMOption("MaxVectorSize").getValue());
        var facts = new LinkedHashMap<String, Object>();
        facts.put("sfumato", Version.sfumato());
        facts.put("jdk", Runtime.version().toString());
        facts.put("vendor", System.getProperty("java.vendor"));
        facts.put("os", system.getName() + " " + system.getVersion() + " " + system.getArch());
        facts.put("cores", Runtime.getRuntime().availableProcessors());
        facts.put("simdBits", simd);
        facts.put("memoryBytes", system.getTotalMemorySize());
        facts.put("heapBytes", Runtime.getRuntime().maxMemory());
        facts.put("threads", Settings.current().threads());
        facts.put("devices", devices());
        facts.put("absent", Backends.absent());
        if (!common.json()) {
            print(facts);
        }
        common.result(facts);
        return ExitCode.OK;
    }

    private static List<String> devices() {
        return Backends.devices().stream().map(device -> device + ": " + Backends.of(device).describe()).toList();
    }

    private void print(Map<String, Object> facts) {
        var out = common.out();
        out.printf("sfumato  %s%n", facts.get("sfumato"));
        out.printf("jdk      %s, %s%n", facts.get("jdk"), facts.get("vendor"));
        out.printf("system   %s%n", facts.get("os"));
        out.printf("cores    %s, of which %s compute, SIMD of %s bits%n",
                facts.get("cores"), facts.get("threads"), facts.get("simdBits"));
        out.printf(Locale.ROOT, "memory   %.1f GiB, Java heap up to %.1f GiB%n",
                gib(facts.get("memoryBytes")), gib(facts.get("heapBytes")));
        for (var device : (List<?>) facts.get("devices")) {
            out.printf("device   %s%n", device);
        }
        for (var absent : ((Map<?, ?>) facts.get("absent")).entrySet()) {
            out.printf("none     %s: %s%n", absent.getKey(), absent.getValue());
        }
    }

    private static double gib(Object bytes) {
        return (long) bytes / (double) (1L << 30);
    }
}
