package org.sfumato.tensor;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/// The settings of the process, read once from system properties. An unknown name or a value that cannot be read stops
/// the program with the reason: a misspelt switch that does nothing is worse than none.
///
/// | property | meaning | default |
/// |---|---|---|
/// | `sfumato.device` | the device of tensors made without naming one | `cpu` |
/// | `sfumato.threads` | threads of the CPU engine, the caller included | physical cores |
/// | `sfumato.checkNan` | `true`: every operation whose result holds a NaN is an error that names it | `false` |
/// | `sfumato.trackLeaks` | `true`: leak reports show where each leaked tensor was made | `false` |
/// | `sfumato.cuda.driver` | `native`: our own bindings of NVIDIA's driver; `jcuda`: those of JCuda | `native` |
/// | `sfumato.cuda.cublas` | `false`: matrix products by our own kernels though cuBLASLt is there | `true` |
/// | `sfumato.cuda.graphs` | `false`: a device repeats no work as a whole, see [Replay] | `true` |
/// | `sfumato.cuda.folders` | where to look for cuBLASLt, and where `CUDA_HOME` and the like lead | none |
public record Settings(Device device, int threads, boolean checkNan, boolean trackLeaks, Cuda cuda) {
    /// How the CUDA backend finds and uses what is not ours.
    ///
    /// @param jcuda whether JCuda drives the device, and not our own bindings
    /// @param cublas whether cuBLASLt multiplies matrices where it is found
    /// @param graphs whether work that repeats is started as a whole
    /// @param folders where libraries are sought beside the system's folders
    public record Cuda(boolean jcuda, boolean cublas, boolean graphs, List<Path> folders) { }

    private static final Set<String> KNOWN = Set.of("sfumato.device", "sfumato.threads", "sfumato.checkNan",
            "sfumato.trackLeaks", "sfumato.cuda.driver", "sfumato.cuda.cublas", "sfumato.cuda.graphs",
            "sfumato.cuda.folders");
    private static final List<String> HOMES = List.of("CUDA_HOME", "CUDA_PATH", "VIRTUAL_ENV");
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
                flag("sfumato.checkNan", "false"), flag("sfumato.trackLeaks", "false"), cudaSettings());
    }

    private static Cuda cudaSettings() {
        return new Cuda(isJcuda(), flag("sfumato.cuda.cublas", "true"), flag("sfumato.cuda.graphs", "true"),
                folders(System.getProperty("sfumato.cuda.folders", "")));
    }

    private static boolean isJcuda() {
        return switch (System.getProperty("sfumato.cuda.driver", "native")) {
            case "native" -> false;
            case "jcuda" -> true;
            default -> throw new IllegalArgumentException("settings: sfumato.cuda.driver must be native or jcuda");
        };
    }

    /// The given folders, and those of a toolkit or a Python environment that the environment variables name.
    private static List<Path> folders(String paths) {
        var folders = new ArrayList<Path>();
        Arrays.stream(paths.split(File.pathSeparator)).filter(path -> !path.isBlank()).map(Path::of)
                .forEach(folders::add);
        HOMES.stream().map(System::getenv).filter(Objects::nonNull).forEach(home ->
                Stream.of("lib64", "bin", "lib").map(part -> Path.of(home, part)).forEach(folders::add));
        return List.copyOf(folders);
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

    private static boolean flag(String name, String otherwise) {
        return switch (System.getProperty(name, otherwise)) {
            case "true", "" -> true;
            case "false" -> false;
            default -> throw new IllegalArgumentException("settings: " + name + " must be true or false");
        };
    }
}
