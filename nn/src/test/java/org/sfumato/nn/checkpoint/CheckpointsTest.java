package org.sfumato.nn.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.databind.json.JsonMapper;

class CheckpointsTest {
    @TempDir
    Path parent;
    private Path folder;
    private Checkpoints checkpoints;

    @BeforeEach
    void open() throws IOException {
        folder = parent.resolve("run/checkpoints");
        checkpoints = new Checkpoints(folder, 2);
    }

    @AfterEach
    void close() throws IOException {
        checkpoints.close();
    }

    @Test
    void whatIsSavedComesBackToTheBit() throws IOException {
        var config = JsonMapper.shared().createObjectNode().put("kind", "masked").put("rate", 0.1);
        config.putArray("sizes").add(1).add(Long.MAX_VALUE);
        var progress = JsonMapper.shared().createObjectNode().put("seed", 1L << 62).put("best", 1.0 / 3);
        var weight = Tensor.of(new float[] {1, -0f, Float.NaN, Float.MIN_VALUE, 5, 6}, 2, 3);
        var steps = Tensor.full(Shape.SCALAR, 7, DType.I64, weight.device());
        var path = checkpoints.save(new Snapshot(1234, config, Map.of("a.weight", weight),
                Map.of("step", steps, "m.a.weight", weight.mul(2)), Map.of("a.weight", weight.mul(3)), progress));

        assertThat(path).isEqualTo(folder.toAbsolutePath().resolve("step-000001234"));
        var stored = Checkpoints.read(path);
        assertThat(stored.step()).isEqualTo(1234);
        assertThat(stored.config()).isEqualTo(config);
        assertThat(stored.progress()).isEqualTo(progress);
        assertThat(bits(stored.weights().get("a.weight"))).isEqualTo(bits(weight));
        assertThat(stored.weights().get("a.weight").shape()).isEqualTo(Shape.of(2, 3));
        assertThat(stored.optimizer()).containsOnlyKeys("step", "m.a.weight");
        assertThat(stored.optimizer().get("step").toLongs()).containsExactly(7);
        assertThat(stored.average().get("a.weight").toFloats()[5]).isEqualTo(18);
    }

    @Test
    void groupsWithoutTensorsComeBackEmpty() throws IOException {
        var path = checkpoints.save(new Snapshot(0, Snapshots.json(), Map.of("w", Tensor.of(1f)), Map.of(), Map.of(),
                Snapshots.json()));
        assertThat(Checkpoints.read(path).optimizer()).isEmpty();
        assertThat(Checkpoints.read(path).average()).isEmpty();
    }

    @Test
    void tensorsAreReadIntoTheCurrentScope() throws IOException {
        var stored = Checkpoints.read(checkpoints.save(Snapshots.of(1)));
        try (var scope = Scope.open("test")) {
            scope.run(() -> assertThat(weightsOf(stored).values()).allMatch(scope::owns));
        }
    }

    private static Map<String, Tensor> weightsOf(Stored stored) {
        try {
            return stored.weights();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void restoringCopiesIntoLiveTensors() throws IOException {
        var stored = Checkpoints.read(checkpoints.save(Snapshots.of(5)));
        var live = Snapshots.of(9);
        stored.restore(live.weights(), live.optimizer(), live.average());
        Snapshots.assertIsStep(5, live.weights(), live.optimizer(), live.average());
    }

    @Test
    void restoringIntoAnotherModelNamesWhatDiffers() throws IOException {
        var stored = Checkpoints.read(checkpoints.save(Snapshots.of(5)));
        assertThatExceptionOfType(FormatException.class)
                .isThrownBy(() -> stored.restore(Map.of("w", Tensor.of(1f)), Map.of(), Map.of()))
                .withMessageContaining("weights.safetensors").withMessageContaining("w is")
                        .withMessageContaining("hint");
    }

    @Test
    void keepsTheLastOnesAndTheBest() throws IOException {
        checkpoints.save(Snapshots.of(1));
        checkpoints.markBest(1, 0.5);
        for (int step = 2; step <= 5; step++) {
            checkpoints.save(Snapshots.of(step));
        }
        assertThat(names()).containsExactly("step-000000001", "step-000000004", "step-000000005");
        assertThat(checkpoints.best()).contains(folder.resolve("step-000000001"));
        assertThat(checkpoints.latest()).contains(folder.resolve("step-000000005"));

        checkpoints.markBest(5, 0.25);
        checkpoints.save(Snapshots.of(6));
        assertThat(names()).containsExactly("step-000000005", "step-000000006");
    }

    @Test
    void theOneJustSavedStaysThoughItsStepIsOld() throws IOException {
        for (int step : new int[] {10, 20, 5}) {
            checkpoints.save(Snapshots.of(step));
        }
        assertThat(names()).containsExactly("step-000000005", "step-000000010", "step-000000020");
    }

    @Test
    void aRunThatGoesBackForgetsWhatCameAfter() throws IOException {
        for (int step : new int[] {10, 20}) {
            checkpoints.save(Snapshots.of(step));
            checkpoints.markBest(step, 1.0 / step);
        }
        checkpoints.forgetAfter(10);
        assertThat(names()).containsExactly("step-000000010");
        assertThat(checkpoints.best()).isEmpty();
        assertThat(checkpoints.latest()).contains(folder.resolve("step-000000010"));
    }

    @Test
    void theSameStepAgainReplaces() throws IOException {
        checkpoints.save(Snapshots.of(3));
        checkpoints.save(new Snapshot(3, Snapshots.json(), Map.of("w", Tensor.of(42f)), Map.of(), Map.of(),
                Snapshots.json()));
        assertThat(names()).containsExactly("step-000000003");
        assertThat(Checkpoints.open(folder).weights().get("w").toFloats()).containsExactly(42);
        assertThat(Files.list(folder).map(p -> p.getFileName().toString()))
                .containsExactlyInAnyOrder(".lock", "step-000000003");
    }

    @ParameterizedTest
    @ValueSource(strings = {"weights.safetensors", "optimizer.safetensors", "average.safetensors", "config.json",
        "progress.json", "manifest.json"})
    void aDamagedFileIsNamedAndTheCheckpointPassedOver(String file) throws IOException {
        checkpoints.save(Snapshots.of(1));
        var newest = checkpoints.save(Snapshots.of(2)).resolve(file);
        var bytes = Files.readAllBytes(newest);

        for (int at : new int[] {0, bytes.length / 2, bytes.length - 3}) {
            var flipped = bytes.clone();
            flipped[at] ^= 0x10;
            Files.write(newest, flipped);
            assertPassedOver(newest);
        }
        Files.write(newest, List.of());
        assertPassedOver(newest);
        try (var channel = FileChannel.open(newest, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(bytes, 0, bytes.length - 2));
        }
        assertPassedOver(newest);
        Files.delete(newest);
        assertPassedOver(newest);
        Files.write(newest, bytes);
        assertThat(checkpoints.look().warnings()).isEmpty();
        assertThat(checkpoints.latest()).contains(newest.getParent());
    }

    private void assertPassedOver(Path damaged) throws IOException {
        var found = checkpoints.look();
        assertThat(found.latest()).contains(folder.resolve("step-000000001"));
        assertThat(found.warnings()).singleElement().asString().contains("step-000000002");
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> Checkpoints.read(damaged.getParent()))
                .withMessageContaining("checkpoint: " + damaged.getParent()).withMessageContaining("hint: ");
        var opened = Checkpoints.open(folder);
        assertThat(opened.step()).isEqualTo(1);
        assertThat(opened.warnings()).isEqualTo(found.warnings());
    }

    @Test
    void damagedOnesDoNotCountAmongThoseKept() throws IOException {
        checkpoints.save(Snapshots.of(1));
        for (int step = 2; step <= 4; step++) {
            Files.delete(checkpoints.save(Snapshots.of(step)).resolve("manifest.json"));
        }
        assertThat(checkpoints.latest()).contains(folder.resolve("step-000000001"));
    }

    @Test
    void aDamagedBestGivesWayToTheNewest() throws IOException {
        checkpoints.save(Snapshots.of(1));
        checkpoints.markBest(1, 3);
        checkpoints.save(Snapshots.of(2));
        Files.delete(folder.resolve("step-000000001/config.json"));
        var opened = Checkpoints.open(folder);
        assertThat(opened.step()).isEqualTo(2);
        assertThat(opened.warnings()).singleElement().asString().contains("config.json").contains("missing");
        Files.writeString(folder.resolve("best.json"), "{");
        assertThat(Checkpoints.open(folder).warnings()).singleElement().asString().contains("best.json");
    }

    @Test
    void openMeansTheBestOfAFolderOrTheCheckpointItself() throws IOException {
        var first = checkpoints.save(Snapshots.of(1));
        checkpoints.save(Snapshots.of(2));
        assertThat(Checkpoints.open(folder).step()).isEqualTo(2);
        checkpoints.markBest(1, 3);
        assertThat(Checkpoints.open(folder).step()).isEqualTo(1);
        assertThat(Checkpoints.open(folder.resolve("step-000000002")).step()).isEqualTo(2);
        var renamed = Files.move(first, parent.resolve("my model"), StandardCopyOption.ATOMIC_MOVE);
        assertThat(Checkpoints.open(renamed).step()).isEqualTo(1);
    }

    @Test
    void openSaysWhatIsWrongWithAPath() throws IOException {
        assertRefused(parent.resolve("nowhere"), "there is no such folder");
        assertRefused(parent, "holds no checkpoint");
        var checkpoint = checkpoints.save(Snapshots.of(1));
        assertRefused(checkpoint.resolve("config.json"), "it is a file");
        Files.delete(checkpoint.resolve("manifest.json"));
        assertRefused(folder, "no whole checkpoint");
        assertRefused(checkpoint, "cut off");
    }

    private static void assertRefused(Path path, String what) {
        assertThatExceptionOfType(FormatException.class).isThrownBy(() -> Checkpoints.open(path))
                .withMessageStartingWith("checkpoint: " + path).withMessageContaining(what);
    }

    @Test
    void leftoversOfAKilledRunGoWithTheNextSave() throws IOException {
        Files.createDirectories(folder.resolve(".new-step-000000007"));
        Files.writeString(folder.resolve(".new-step-000000007/weights.safetensors"), "half");
        Files.createDirectories(folder.resolve(".gone-step-000000003"));
        Files.writeString(folder.resolve(".new-best.json"), "{");
        assertThat(checkpoints.latest()).isEmpty();
        checkpoints.save(Snapshots.of(7));
        assertThat(Files.list(folder).map(p -> p.getFileName().toString()))
                .containsExactlyInAnyOrder(".lock", "step-000000007");
    }

    @Test
    void aCheckpointSetAsideCountsUntilItsPlaceIsTaken() throws IOException {
        var place = checkpoints.save(Snapshots.of(7));
        Files.move(place, folder.resolve(".old-step-000000007"));
        assertThat(Checkpoints.open(folder).step()).isEqualTo(7);
        checkpoints.save(Snapshots.of(8));
        assertThat(names()).containsExactly("step-000000007", "step-000000008");
    }

    @Test
    void twoWritersAreRefused() {
        assertThatThrownBy(() -> new Checkpoints(folder, 1)).isInstanceOf(IOException.class)
                .hasMessageContaining("in use by process " + ProcessHandle.current().pid())
                        .hasMessageContaining("hint");
    }

    @Test
    void onceClosedItRefusesAndAnotherMayWrite() throws IOException {
        checkpoints.close();
        try (var other = new Checkpoints(folder, 1)) {
            other.save(Snapshots.of(1));
        }
        assertThatThrownBy(() -> checkpoints.save(Snapshots.of(2))).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aFolderThatCannotBeMadeIsRefusedAtOnce() throws IOException {
        var file = Files.writeString(parent.resolve("file"), "");
        assertThatThrownBy(() -> new Checkpoints(file.resolve("run"), 1)).isInstanceOf(IOException.class)
                .hasMessageContaining("cannot write in").hasMessageContaining("hint");
    }

    @Test
    void valuesThatJsonLacksAreRefusedBeforeAnyWork() {
        var progress = Snapshots.json();
        progress.putObject("losses").putArray("train").add(1.0).add(Double.POSITIVE_INFINITY);
        assertThatIllegalArgumentException().isThrownBy(() -> new Snapshot(1, Snapshots.json(), Map.of(), Map.of(),
                Map.of(), progress)).withMessageContaining("progress.losses.train[1] is Infinity");
        assertThatIllegalArgumentException().isThrownBy(() -> checkpoints.markBest(1, Double.NaN));
        assertThatIllegalArgumentException().isThrownBy(() -> checkpoints.markBest(1, 1))
                .withMessageContaining("step 1");
    }

    @Test
    void aFreedTensorLeavesNothingBehind() throws IOException {
        checkpoints.save(Snapshots.of(1));
        var freed = Tensor.of(1f);
        freed.close();
        assertThatThrownBy(() -> checkpoints.save(new Snapshot(2, Snapshots.json(), Map.of("w", freed), Map.of(),
                Map.of(), Snapshots.json()))).isInstanceOf(IllegalStateException.class);
        assertThat(Files.list(folder).map(p -> p.getFileName().toString()))
                .containsExactlyInAnyOrder(".lock", "step-000000001");
    }

    private List<String> names() throws IOException {
        try (var all = Files.list(folder)) {
            return all.map(p -> p.getFileName().toString()).filter(n -> n.startsWith("step-")).sorted().toList();
        }
    }

    private static int[] bits(Tensor tensor) {
        var floats = tensor.toFloats();
        var bits = new int[floats.length];
        for (int i = 0; i < bits.length; i++) {
            bits[i] = Float.floatToRawIntBits(floats[i]);
        }
        return bits;
    }
}
