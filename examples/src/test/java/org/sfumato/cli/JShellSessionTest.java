package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.reflect.Modifier;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/// Runs `sfumato jshell` as a program of its own, beside other tests.
@Execution(ExecutionMode.CONCURRENT)
class JShellSessionTest {

    private static final Pattern IMPORT = Pattern.compile("import (.+)\\.(\\*|\\w+);");

    @TempDir
    Path temp;

    record Result(int code, String out, String err) {
    }

    private Result shell(Path... files) throws IOException, InterruptedException {
        return shell("-XX:TieredStopAtLevel=1", files);
    }

    // Short scripts end sooner without the slower compiler; those that train do not.
    private Result shell(String compiler, Path... files) throws IOException, InterruptedException {
        var command = new ArrayList<>(List.of(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules", "jdk.incubator.vector", "--enable-native-access=ALL-UNNAMED", "-XX:+UseSerialGC",
                compiler, "-Dsfumato.threads=1", "-cp", System.getProperty("java.class.path"),
                Sfumato.class.getName(), "jshell"));
        for (var file : files) {
            command.add(file.toString());
        }
        var out = temp.resolve("out").toFile();
        var err = temp.resolve("err").toFile();
        var process = new ProcessBuilder(command).redirectOutput(out).redirectError(err).start();
        assertThat(process.waitFor(10, TimeUnit.MINUTES)).isTrue();
        return new Result(process.exitValue(), Files.readString(out.toPath()), Files.readString(err.toPath()));
    }

    /// Each script says so itself; all run in one session.
    @Test
    void theScriptsOfLatentsRun() throws Exception {
        var files = new ArrayList<Path>();
        for (var name : List.of("reconstruction", "activation-patching", "adapter-soup", "glitch-tokens",
                "interpolate-sentences", "latent-arithmetic", "map-of-texts", "restore-latents", "what-steps-decide",
                "control-first-words", "latents")) {
            var text = Files.readString(Path.of("src/main/jshell/" + name + ".jsh"));
            assertThat(text).endsWith("\n/exit\n").startsWith("// Run it with: ./sfumato jshell "
                    + "examples/src/main/jshell/" + name + ".jsh\n");
            files.add(Files.writeString(temp.resolve(name + ".jsh"), text.substring(0, text.length() - 6)
                    .replace("var steps = 200", "var steps = 1").replace("text, 32)", "text, 2)")
                    .replaceAll("simple\\([34]00\\)", "simple(60)").replace("table, 400)", "table, 10)")));
        }
        files.add(Files.writeString(temp.resolve("end.jsh"), "/exit 7\n"));
        var result = shell("-XX:+TieredCompilation", files.toArray(Path[]::new));
        assertThat(result.code()).as(result.out() + result.err()).isEqualTo(7);
        assertThat(result.out()).contains("=== Outputs", "8 patched: ", "of the second: ", "median ", "SPHERICAL",
                "b - a + c", "two directions carry", "the authors' loop", "decided here", "frozen: cosine")
                .contains("| 250 | ", "one-shot", "cosine to the end 1.000", "variance along two")
                .doesNotContainPattern("(?m)^\\|  ");
        assertThat(result.out().lines().toList().getLast()).startsWith("[[");
    }

    @Test
    void theFirstStepsRunAndErrorsAreShown() throws Exception {
        var steps = Files.readString(Path.of("src/main/jshell/first-steps.jsh"));
        assertThat(steps).endsWith("\n/exit\n");
        var script = temp.resolve("steps.jsh");
        Files.writeString(script, steps.replace("\n/exit\n", """

                Tensor.ones(2, 3).matmul(Tensor.ones(2))
                System.out.println(Settings.current().threads() + " thread")
                /exit 3
                """));
        var result = shell(script);
        assertThat(result.out()).isEqualTo("""
                [[1., 2., 3.],
                 [4., 5., 6.]] f32 (2, 3)
                [[17., 22., 27.],
                 [22., 29., 36.],
                 [27., 36., 45.]] f32 (3, 3)
                [1., 1.] f32 (2,)
                true
                [[ 2.,  4.,  6.],
                 [ 8., 10., 12.]] f32 (2, 3)
                [ 0.125, -1.   ,  8.   ] f64 (3,)
                Cube[] true
                FastCube[factor=3.0] true
                FastCube[factor=2.0] false
                true
                [weight, bias] (2, 2)
                1 thread
                """);
        assertThat(result.err()).startsWith("WARNING: Using incubator modules: jdk.incubator.vector\n")
                .contains("matmul: ");
        assertThat(result.code()).isEqualTo(3);
    }

    @Test
    void aMissingFileIsNamed() {
        var err = new StringWriter();
        var none = temp.resolve("none.jsh");
        int code = Sfumato.run(new PrintWriter(new StringWriter()), new PrintWriter(err, true), "jshell", "" + none);
        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).startsWith("sfumato: no such file: " + none);
    }

    /// A name in two imported packages would be an error when it is used.
    @Test
    void noTwoImportedClassesShareAName() throws Exception {
        var from = new HashMap<String, String>();
        var twice = new TreeSet<String>();
        String startup;
        try (var in = Sfumato.class.getResourceAsStream("startup.jsh")) {
            startup = new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
        for (var line : startup.lines().toList()) {
            var match = IMPORT.matcher(line);
            assertThat(match.matches()).as(line).isTrue();
            var names = match.group(2).equals("*") ? classes(match.group(1)) : List.of(match.group(2));
            assertThat(names).as(line).isNotEmpty();
            for (var name : names) {
                if (from.put(name, match.group(1)) != null || isOfJdk(name)) {
                    twice.add(name);
                }
            }
        }
        assertThat(twice).isEmpty();
    }

    /// Whether a package that JShell imports by itself has a public class `name`.
    private static boolean isOfJdk(String name) {
        for (var folder : List.of("java.lang", "java.io", "java.math", "java.net", "java.nio.file", "java.util",
                "java.util.concurrent", "java.util.function", "java.util.prefs", "java.util.regex",
                "java.util.stream")) {
            try {
                if (Modifier.isPublic(Class.forName(folder + "." + name).getModifiers())) {
                    return true;
                }
            } catch (ClassNotFoundException e) {
                // not in this one
            }
        }
        return false;
    }

    private static List<String> classes(String packageName) throws Exception {
        var folder = packageName.replace('.', '/');
        var found = new TreeSet<String>();
        for (var url : Collections.list(Sfumato.class.getClassLoader().getResources(folder))) {
            if (url.getProtocol().equals("jar")) {
                var jar = URI.create(url.toString().substring(0, url.toString().indexOf("!/")));
                try (var files = FileSystems.newFileSystem(jar, Map.of())) {
                    collect(files.getPath(folder), found);
                }
            } else if (!url.getPath().contains("/test-classes/")) {
                collect(Path.of(url.toURI()), found);
            }
        }
        var classes = new ArrayList<String>();
        for (var name : found) {
            if (Modifier.isPublic(Class.forName(packageName + "." + name).getModifiers())) {
                classes.add(name);
            }
        }
        return classes;
    }

    private static void collect(Path folder, TreeSet<String> found) throws IOException {
        try (var files = Files.list(folder)) {
            files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".class") && !name.contains("$") && !name.contains("-info"))
                    .forEach(name -> found.add(name.substring(0, name.length() - ".class".length())));
        }
    }
}
