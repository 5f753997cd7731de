package org.sfumato.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Runs a copy of the script `sfumato` in a made-up checkout, with a made-up JDK and a made-up Maven.
class LauncherTest {

    private static final FileTime BUILT = FileTime.fromMillis(2_000_000_000L);
    private static final String WARNING = "WARNING: Using incubator modules: jdk.incubator.vector\n";
    private static final FileTime EARLIER = FileTime.fromMillis(1_000_000_000L);

    @TempDir
    Path temp;

    private Path root;
    private Path jdk;
    private Path bin;

    record Result(int code, String out, String err) {
    }

    @BeforeEach
    void makeCheckout() throws Exception {
        assumeTrue(File.separatorChar == '/', "skipped: the launcher is a shell script");
        root = Files.createDirectories(temp.resolve("a check out"));
        write(root.resolve("sfumato"), Files.readString(script()));
        write(root.resolve("pom.xml"), "");
        for (var module : List.of("tensor", "autograd", "cuda-kernels", "nn", "tokenizers", "models", "examples",
                "benchmarks")) {
            write(root.resolve(module + "/src/main/A.java"), "");
            write(root.resolve(module + "/pom.xml"), "");
        }
        write(root.resolve("examples/target/lib/one.jar"), "");
        write(root.resolve("examples/target/sfumato-examples-1.jar"), "");
        write(root.resolve("benchmarks/target/sfumato-benchmarks-1.jar"), "");
        write(root.resolve("examples/target/built"), "");
        write(root.resolve("examples/target/sfumato.aot"), "");
        jdk = madeUpJdk("jdk 25", "25.0.3");
        bin = Files.createDirectories(temp.resolve("bin"));
        for (var name : List.of("bash", "dirname", "readlink", "find", "head", "cat", "mkdir", "touch", "grep", "flock",
                "sleep", "ln", "rm", "mv")) {
            for (var folder : List.of("/usr/bin", "/bin")) {
                var program = Path.of(folder, name);
                if (Files.exists(program) && !Files.exists(bin.resolve(name))) {
                    write(bin.resolve(name), "#!/bin/sh\nexec %s \"$@\"\n".formatted(program));
                }
            }
        }
        write(bin.resolve("mvn"), """
                #!/usr/bin/env bash
                echo run >>"%1$s/maven-runs"
                [ ! -e "%1$s/break-the-build" ] || { echo '[ERROR] it broke'; exit 1; }
                sleep 0.3
                mkdir -p examples/target/lib
                touch examples/target/built examples/target/sfumato-examples-1.jar
                touch benchmarks/target/sfumato-benchmarks-1.jar
                """.formatted(temp));
        setTimes();
    }

    @Test
    void argumentsFolderAndExitCodePassThrough() throws Exception {
        var elsewhere = Files.createDirectories(temp.resolve("else where"));
        var result = launch(elsewhere, root.resolve("sfumato"), "generate", "two words", "");
        assertThat(result.code()).isEqualTo(7);
        assertThat(result.err()).isEqualTo(WARNING + "on stderr\n");
        assertThat(result.out().lines())
                .startsWith("in " + elsewhere.toRealPath(), "arg --add-modules", "arg jdk.incubator.vector")
                .endsWith("arg org.sfumato.cli.Sfumato", "arg generate", "arg two words", "arg ")
                .contains("arg " + root.toRealPath() + "/examples/target/sfumato-examples-1.jar:"
                        + root.toRealPath() + "/benchmarks/target/sfumato-benchmarks-1.jar:"
                        + root.toRealPath() + "/examples/target/lib/*");
    }

    @Test
    void itWorksThroughLinksAndBesideItself() throws Exception {
        var link = Files.createSymbolicLink(temp.resolve("link"), root.resolve("sfumato"));
        var second = Files.createSymbolicLink(temp.resolve("second"), Path.of("link"));
        assertThat(launch(temp, link, "x").out()).contains(root.toRealPath() + "/examples/target/lib/*");
        assertThat(launch(temp, second, "x").out()).contains(root.toRealPath() + "/examples/target/lib/*");
        assertThat(launch(root, Path.of("./sfumato"), "x").code()).isEqualTo(7);
    }

    @Test
    void onATerminalTheIncubatorWarningIsWipedOut() throws Exception {
        var script = Path.of("/usr/bin/script");
        assumeTrue(Files.isExecutable(script) && System.getProperty("os.name").equals("Linux"), "skipped: no `script`");
        writeJar(root.resolve("examples/target/sfumato-examples-1.jar"));
        setTimes();
        var real = List.of("SFUMATO_JAVA_HOME=" + System.getProperty("java.home"), "TERM=xterm");
        var command = script + " -qec \"'" + root.resolve("sfumato") + "' --wrong\" /dev/null; echo code $?";
        var result = launch(temp, real, Path.of("bash"), "-c", command);
        assertThat(result.out()).startsWith(WARNING.strip() + "\r\n" + Sfumato.WIPE_LINE_ABOVE
                + "sfumato: Unknown option: '--wrong'\r\n").endsWith("code 2\n");
    }

    @Test
    void jvmOptionsAreWords() throws Exception {
        var result = launch(temp, List.of("SFUMATO_JAVA_OPTS=-Xmx8g -Da=b"), root.resolve("sfumato"));
        assertThat(result.out().lines()).contains("arg -Xmx8g", "arg -Da=b");
    }

    @Test
    void withoutAJdk25OneLineSaysSoAndOneWhatToInstall() throws Exception {
        madeUpJdk("jdks/17", "17.0.15");
        madeUpJdk("jdks/250", "250");
        var result = launch(temp, List.of("JAVA_HOME=" + temp.resolve("jdks/17"),
                "SFUMATO_JAVA_HOME=", "SFUMATO_JDK_FOLDERS=" + temp.resolve("jdks")), root.resolve("sfumato"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err().lines()).hasSize(2);
        assertThat(result.err()).startsWith("sfumato: no JDK 25 found\nhint: install Temurin 25");
    }

    @Test
    void aWrongSfumatoJavaHomeIsNamed() throws Exception {
        var old = madeUpJdk("jdks/17", "17.0.15");
        var result = launch(temp, List.of("SFUMATO_JAVA_HOME=" + old), root.resolve("sfumato"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err()).startsWith("sfumato: SFUMATO_JAVA_HOME is no JDK 25: " + old);
    }

    @Test
    void theJdkIsFoundInJavaHomeOnThePathAndInFolders() throws Exception {
        var script = root.resolve("sfumato");
        assertThat(launch(temp, List.of("SFUMATO_JAVA_HOME=", "JAVA_HOME=" + jdk), script).code()).isEqualTo(7);
        assertThat(launch(temp, List.of("SFUMATO_JAVA_HOME=", "SFUMATO_JDK_FOLDERS=/none:" + temp), script).code())
                .isEqualTo(7);
        Files.createSymbolicLink(bin.resolve("java"), jdk.resolve("bin/java"));
        assertThat(launch(temp, List.of("SFUMATO_JAVA_HOME=", "SFUMATO_JDK_FOLDERS="), script).code()).isEqualTo(7);
    }

    @Test
    void itBuildsOnceWhenASourceIsNewerAndThenNotAgain() throws Exception {
        assertThat(launch(temp, root.resolve("sfumato")).err()).isEqualTo(WARNING + "on stderr\n");
        assertThat(temp.resolve("maven-runs")).doesNotExist();
        Files.setLastModifiedTime(root.resolve("nn/src/main/A.java"), FileTime.fromMillis(3_000_000_000L));
        var result = launch(temp, root.resolve("sfumato"));
        assertThat(result.code()).isEqualTo(7);
        assertThat(result.err()).startsWith("sfumato: building").endsWith("on stderr\n");
        launch(temp, root.resolve("sfumato"));
        assertThat(temp.resolve("maven-runs")).hasContent("run");
    }

    @Test
    void theClassesAreWrittenDownOnceAfterABuildAndTakenFromThereThen() throws Exception {
        var cache = root.resolve("examples/target/sfumato.aot");
        Files.delete(cache);
        for (int launch = 0; launch < 2; launch++) {
            var result = launch(temp, root.resolve("sfumato"), "x");
            assertThat(result.code()).isEqualTo(7);
            assertThat(result.err()).isEqualTo(WARNING + "on stderr\n");
            assertThat(result.out().lines()).contains("arg -XX:AOTCache=" + cache.toRealPath());
        }
        assertThat(temp.resolve("rehearsals")).hasContent("run");
        Files.setLastModifiedTime(root.resolve("nn/src/main/A.java"), FileTime.fromMillis(3_000_000_000L));
        launch(temp, root.resolve("sfumato"), "x");
        assertThat(temp.resolve("rehearsals")).hasContent("run\nrun");
    }

    @Test
    void whereTheClassesCannotBeWrittenDownItStartsWithout() throws Exception {
        var cache = root.resolve("examples/target/sfumato.aot");
        Files.delete(cache);
        write(temp.resolve("no-cache"), "");
        for (int launch = 0; launch < 2; launch++) {
            var result = launch(temp, root.resolve("sfumato"), "x");
            assertThat(result).isEqualTo(new Result(7, result.out(), WARNING + "on stderr\n"));
            assertThat(result.out()).doesNotContain("AOTCache");
        }
        assertThat(temp.resolve("rehearsals")).hasContent("run");
        assertThat(cache).isEmptyFile();
    }

    @Test
    void twoLaunchesBuildOnce() throws Exception {
        Files.delete(root.resolve("examples/target/built"));
        var first = start(temp, List.of(), root.resolve("sfumato"));
        var second = start(temp, List.of(), root.resolve("sfumato"));
        assertThat(finish(first).code()).isEqualTo(7);
        assertThat(finish(second).code()).isEqualTo(7);
        assertThat(temp.resolve("maven-runs")).hasContent("run");
    }

    @Test
    void aBuildThatFailsShowsMavensErrorAndStops() throws Exception {
        Files.delete(root.resolve("examples/target/built"));
        write(temp.resolve("break-the-build"), "");
        var result = launch(temp, root.resolve("sfumato"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.out()).isEmpty();
        assertThat(result.err()).contains("[ERROR] it broke", "sfumato: the build failed", "hint: see ");
    }

    @Test
    void aMissingMavenIsNamed() throws Exception {
        Files.delete(root.resolve("examples/target/built"));
        Files.delete(bin.resolve("mvn"));
        var result = launch(temp, root.resolve("sfumato"));
        assertThat(result.code()).isEqualTo(1);
        assertThat(result.err().lines()).hasSize(2);
        assertThat(result.err()).contains("mvn is missing\nhint: install Apache Maven");
    }

    @Test
    void theRealJvmStartsAndStopsQuietlyAtAClosedPipe() throws Exception {
        writeJar(root.resolve("examples/target/sfumato-examples-1.jar"));
        setTimes();
        var real = List.of("SFUMATO_JAVA_HOME=" + System.getProperty("java.home"),
                "SFUMATO_JAVA_OPTS=-XX:TieredStopAtLevel=1");
        var version = launch(temp, real, root.resolve("sfumato"), "--version");
        assertThat(version).isEqualTo(new Result(0, "sfumato development\n", WARNING));
        var wrong = launch(temp, real, root.resolve("sfumato"), "--wrong");
        assertThat(wrong.code()).isEqualTo(2);
        assertThat(wrong.err()).startsWith(WARNING + "sfumato: Unknown option: '--wrong'\n");
        var piped = launch(temp, real, Path.of("bash"), "-c", "'" + root.resolve("sfumato") + "' info | true");
        assertThat(piped).isEqualTo(new Result(0, "", WARNING));
    }

    private Path madeUpJdk(String name, String version) throws IOException {
        var home = temp.resolve(name);
        write(home.resolve("release"), "IMPLEMENTOR=\"Nobody\"\nJAVA_VERSION=\"" + version + "\"\n");
        write(home.resolve("bin/javac"), "");
        write(home.resolve("bin/java"), """
                #!/usr/bin/env bash
                for arg in "$@"; do
                    case $arg in
                        -XX:AOTCacheOutput=*)
                            echo run >>"%1$s/rehearsals"
                            [ ! -e "%1$s/no-cache" ] || exit 1
                            echo classes >"${arg#*=}"
                            exit 0
                            ;;
                    esac
                done
                echo "in $PWD"
                printf 'arg %%s\\n' "$@"
                echo 'WARNING: Using incubator modules: jdk.incubator.vector' >&2
                echo 'on stderr' >&2
                exit 7
                """.formatted(temp));
        return home;
    }

    private Result launch(Path folder, Path program, String... args) throws Exception {
        return launch(folder, List.of(), program, args);
    }

    private Result launch(Path folder, List<String> environment, Path program, String... args) throws Exception {
        return finish(start(folder, environment, program, args));
    }

    private Process start(Path folder, List<String> environment, Path program, String... args) throws IOException {
        var command = new ArrayList<>(List.of("bash"));
        if (!program.equals(Path.of("bash"))) {
            command.add(program.toString());
        }
        command.addAll(List.of(args));
        var builder = new ProcessBuilder(command).directory(folder.toFile());
        var settings = new TreeMap<>(Map.of("PATH", bin.toString(), "HOME", temp.resolve("home").toString(),
                "SFUMATO_JAVA_HOME", jdk.toString()));
        environment.forEach(line -> settings.put(line.split("=", 2)[0], line.split("=", 2)[1]));
        builder.environment().clear();
        builder.environment().putAll(settings);
        return builder.start();
    }

    private static Result finish(Process process) throws Exception {
        process.getOutputStream().close();
        var out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        var err = new String(process.getErrorStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return new Result(process.exitValue(), out, err);
    }

    /// All sources are older than the last build.
    private void setTimes() throws IOException {
        try (var files = Files.walk(root)) {
            for (var file : files.toList()) {
                Files.setLastModifiedTime(file, file.toString().contains("target") ? BUILT : EARLIER);
            }
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    /// A jar without classes whose manifest points to the class path of this test.
    private static void writeJar(Path file) throws IOException {
        var manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        var classPath = Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
                .map(entry -> Path.of(entry).toUri().toString()).collect(Collectors.joining(" "));
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath);
        new JarOutputStream(Files.newOutputStream(file), manifest).close();
    }

    private static Path script() {
        var dir = Path.of("").toAbsolutePath();
        while (!Files.isRegularFile(dir.resolve("sfumato"))) {
            dir = dir.getParent();
        }
        return dir.resolve("sfumato");
    }
}
