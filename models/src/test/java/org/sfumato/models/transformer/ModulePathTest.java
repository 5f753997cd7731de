package org.sfumato.models.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.lang.module.ModuleFinder;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/// Tests run on the class path, where all may read all. Here the same classes are loaded as named modules, where only
/// what is exported or opened may be read.
class ModulePathTest {
    private static final String MODULES = "org\\.sfumato\\..*|tools\\.jackson\\..*|com\\.fasterxml\\.jackson\\..*"
            + "|de\\.siegmar\\..*|it\\.unimi\\..*|dev\\.hardwood\\..*|com\\.github\\.luben\\..*";

    @Test
    void settingsAndCheckpointsAreReadByJacksonFromNamedModules() throws Exception {
        var loader = layer().findLoader("org.sfumato.models");
        var config = loader.loadClass(TransformerConfig.class.getName());
        var json = loader.loadClass("org.sfumato.nn.checkpoint.RecordJson");
        assertThat(config.getModule().getName()).isEqualTo("org.sfumato.models");
        assertThat(json.getModule().getName()).isEqualTo("org.sfumato.nn");

        var modern = config.getMethod("modern", int.class, int.class, int.class, int.class, int.class)
                .invoke(null, 66, 128, 64, 2, 4);
        var tree = json.getMethod("write", Record.class).invoke(null, modern);
        var read = Arrays.stream(json.getMethods()).filter(m -> m.getName().equals("read")).findFirst().orElseThrow();
        assertThat(read.invoke(null, config, tree)).isEqualTo(modern);

        var folder = Files.createTempDirectory("sfumato");
        var found = loader.loadClass("org.sfumato.nn.checkpoint.Checkpoints").getMethod("open", Path.class);
        Files.writeString(folder.resolve("manifest.json"), """
                {"format": "sfumato-checkpoint", "version": 1, "files": [{"name": "a", "bytes": 3, "crc32c": "0"}]}""");
        try {
            assertThat(messageOf(found, folder)).contains("a: it is missing");
        } finally {
            Files.delete(folder.resolve("manifest.json"));
            Files.delete(folder);
        }
    }

    @Test
    void parquetIsReadInNamedModules() throws Exception {
        var parquet = layer().findLoader("org.sfumato.models").loadClass("org.sfumato.models.data.Parquet");
        var file = Path.of("src/test/resources/org/sfumato/models/data/plain.parquet");
        var reader = parquet.getMethod("open", Path.class).invoke(parquet.getConstructor(String.class)
                .newInstance("text"), file);
        try (var _ = (AutoCloseable) reader) {
            var next = parquet.getClassLoader().loadClass("org.sfumato.models.data.DataReader").getMethod("next");
            assertThat(next.invoke(reader).toString()).contains("Document[text=", "plain.parquet");
        }
    }

    private static String messageOf(Method open, Path folder) throws IllegalAccessException {
        try {
            return "opened " + open.invoke(null, folder);
        } catch (InvocationTargetException e) {
            return e.getCause().getMessage();
        }
    }

    @SuppressWarnings("restricted")                         // native access, as the tests have on the class path
    private static ModuleLayer layer() {
        var wanted = Pattern.compile(MODULES);
        var paths = Arrays.stream(System.getProperty("java.class.path").split(Pattern.quote(File.pathSeparator)))
                .map(Path::of).filter(Files::exists)
                .filter(path -> !path.endsWith("test-classes") && !path.toString().endsWith("-tests.jar"))
                .filter(path -> ModuleFinder.of(path).findAll().stream()
                        .anyMatch(module -> wanted.matcher(module.descriptor().name()).matches()))
                .toArray(Path[]::new);
        var boot = ModuleLayer.boot();
        var configuration = boot.configuration().resolve(ModuleFinder.of(paths), ModuleFinder.of(),
                Set.of("org.sfumato.models"));
        var made = ModuleLayer.defineModulesWithOneLoader(configuration, List.of(boot),
                ClassLoader.getPlatformClassLoader());
        made.layer().findModule("dev.hardwood.core").ifPresent(made::enableNativeAccess);
        return made.layer();
    }
}
