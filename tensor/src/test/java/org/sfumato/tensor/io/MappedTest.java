package org.sfumato.tensor.io;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Memory;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.Tensor;

/// Tensors that stay where they lie in a file: the same bits as those read, theirs to write, gone when they are freed.
class MappedTest {
    private static final Path MAPS = Path.of("/proc/self/maps");
    private static final int ROWS = 140;
    private static final int COLS = 123;                        // 68,880 bytes: the second begins between cache lines

    @TempDir
    private Path folder;

    private Path path;

    @BeforeEach
    void write() throws IOException {
        path = folder.resolve("model.safetensors");
        write(7, new byte[0]);
    }

    /// Matrices a, b, c of random numbers, and before them as many bytes as `first` has.
    private void write(long seed, byte[] first) throws IOException {
        var tensors = new LinkedHashMap<String, Safetensors.Raw>();
        tensors.put("first", new Safetensors.Raw("U8", Shape.of(first.length),
                MemorySegment.ofArray(first)));
        try (var scope = Scope.open("test"); var arena = Arena.ofConfined()) {
            scope.run(() -> {
                for (var name : List.of("a", "b", "c")) {
                    var x = Tensor.normal(Shape.of(ROWS, COLS), Rng.of(seed + name.hashCode()));
                    tensors.put(name, new Safetensors.Raw("F32", x.shape(), x.toSegment(arena)));
                }
            });
            Safetensors.writeRaw(path, tensors, Map.of());
        }
    }

    private void run(Fixtures.Reading<?> body) {
        Scope.temporary(() -> Fixtures.unchecked(body).get());
    }

    private Tensor mapped(TensorFile file, String... names) throws IOException {
        return file.mapped(List.of(names), DType.F32, Device.CPU);
    }

    /// How many mappings of the file there are.
    private long mappings() throws IOException {
        assumeTrue(Files.isReadable(MAPS), "only Linux tells what is mapped");
        try (var lines = Files.lines(MAPS)) {
            return lines.filter(line -> line.contains(folder.getFileName().toString())).count();
        }
    }

    @Test
    void theBitsAreThoseOfACopyAloneBelowOneAnotherAndInAnyOrder() {
        run(() -> {
            try (var file = TensorFile.open(path)) {
                var a = file.tensor("a", DType.F32);
                var b = file.tensor("b", DType.F32);
                assertThat(mapped(file, "a").toFloats()).isEqualTo(a.toFloats());
                assertThat(mapped(file, "a", "b").toFloats()).isEqualTo(Tensor.concat(0, a, b).toFloats());
                assertThat(mapped(file, "b", "a").toFloats()).isEqualTo(Tensor.concat(0, b, a).toFloats());
                assertThat(file.mapped(List.of("a", "b"), DType.F64, Device.CPU).toFloats())
                        .isEqualTo(Tensor.concat(0, a, b).toFloats());
                assertThatThrownBy(() -> mapped(file)).hasMessageContaining("no names");
                assertThatThrownBy(() -> mapped(file, "first", "a")).isInstanceOf(ShapeException.class);
                assertThatThrownBy(() -> mapped(file, "x")).hasMessageContaining("there is no tensor 'x'");
                return null;
            }
        });
    }

    /// A matrix that begins 4 bytes after a cache line goes through products, rows and copies as any other.
    @Test
    void kernelsTakeThemAsTheyLie() {
        run(() -> {
            try (var file = TensorFile.open(path)) {
                var b = file.tensor("b", DType.F32);
                var lies = mapped(file, "b");
                assertThat(lies.operand().address() % 64).isNotZero();
                for (var x : List.of(Tensor.normal(Shape.of(1, COLS), Rng.of(1)),
                        Tensor.normal(Shape.of(5, COLS), Rng.of(2)))) {
                    assertThat(x.matmul(lies.t()).toFloats()).isEqualTo(x.matmul(b.t()).toFloats());
                }
                assertThat(lies.softmax(-1).toFloats()).isEqualTo(b.softmax(-1).toFloats());
                assertThat(lies.gelu().sum(0).toFloats()).isEqualTo(b.gelu().sum(0).toFloats());
                assertThat(lies.t().contiguous().toFloats()).isEqualTo(b.t().contiguous().toFloats());
                return null;
            }
        });
    }

    @Test
    void whatIsWrittenInPlaceStaysInMemory() throws IOException {
        var before = Files.readAllBytes(path);
        run(() -> {
            try (var file = TensorFile.open(path)) {
                var one = mapped(file, "a", "b");
                var other = mapped(file, "a", "b");
                var content = other.toFloats();
                one.assign(Tensor.zeros(2 * ROWS, COLS));
                assertThat(one.abs().sum().item()).isZero();
                assertThat(other.toFloats()).isEqualTo(content);
                return null;
            }
        });
        assertThat(Files.readAllBytes(path)).isEqualTo(before);
    }

    @Test
    void theyOutliveTheFileAndEndWithTheirScopeOrBeforeIt() throws IOException {
        var memory = Memory.current(Device.CPU);
        long live = memory.live();
        long reserved = memory.reserved();
        assertThat(mappings()).isZero();
        try (var scope = Scope.open("test")) {
            var tensors = scope.call(Fixtures.unchecked(() -> {
                try (var file = TensorFile.open(path)) {
                    return new Tensor[] {mapped(file, "a"), mapped(file, "c")};
                }
            }));
            assertThat(mappings()).isEqualTo(2);
            assertThat(memory.live() - live).isEqualTo(2L * ROWS * COLS * Float.BYTES);
            assertThat(memory.reserved()).isEqualTo(reserved);
            tensors[0].close();
            assertThat(mappings()).isEqualTo(1);
            assertThatThrownBy(() -> tensors[0].toFloats()).hasMessageContaining("used after it was freed");
            assertThatThrownBy(tensors[0]::close).hasMessageContaining("freed twice");
        }
        assertThat(mappings()).isZero();
        assertThat(memory.live()).isEqualTo(live);
    }

    @Test
    void theCollectorUnmapsWhatNobodyOwned() throws IOException, InterruptedException {
        try (var file = TensorFile.open(path)) {
            assertThat(mapped(file, "a").shape()).isEqualTo(Shape.of(ROWS, COLS));
        }
        for (int i = 0; i < 200 && mappings() > 0; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(mappings()).isZero();
        assertThat(Memory.current(Device.CPU).leaks()).anyMatch(leak -> leak.op().equals("borrow"));
        Memory.current(Device.CPU).clearLeaks();
    }

    @Test
    void whatIsNotAlignedOrIsSmallIsRead() throws IOException {
        write(7, new byte[3]);
        run(() -> {
            try (var file = TensorFile.open(path)) {
                assertThat(mapped(file, "a", "b").toFloats())
                        .isEqualTo(Tensor.concat(0, file.tensor("a"), file.tensor("b")).toFloats());
                assertThat(file.mapped(List.of("first"), DType.I32, Device.CPU).toLongs()).hasSize(3);
                assertThat(mappings()).isZero();
                return null;
            }
        });
    }

    @Test
    void aFileThatIsReplacedLivesOn() throws IOException {
        var next = folder.resolve("next");
        var first = Files.copy(path, folder.resolve("first"));
        write(8, new byte[0]);
        Files.move(path, next);
        Files.move(first, path);
        run(() -> {
            try (var file = TensorFile.open(path)) {
                var a = file.tensor("a").toFloats();
                var lies = mapped(file, "a");
                Files.move(next, path, StandardCopyOption.REPLACE_EXISTING, StandardCopyOption.ATOMIC_MOVE);
                assertThat(lies.toFloats()).isEqualTo(a);
                assertThat(mapped(file, "a").toFloats()).isEqualTo(a);          // read: the path leads elsewhere
                return null;
            }
        });
    }

    @Test
    void borrowedMemoryIsCheckedBeforeItIsTaken() {
        try (var arena = Arena.ofConfined()) {
            var memory = arena.allocate(64, 64);
            var spec = new Spec(Shape.of(4), DType.F32);
            Runnable never = () -> {
                throw new AssertionError("released");
            };
            assertThatThrownBy(() -> Tensor.borrow(memory, spec, Device.CPU, never)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("needs 16 bytes, got 64");
            assertThatThrownBy(() -> Tensor.borrow(memory.asSlice(2, 16), spec, Device.CPU, never))
                    .hasMessageContaining("not aligned");
            assertThatThrownBy(() -> Tensor.borrow(MemorySegment.ofArray(new float[4]), spec,
                    Device.CPU, never)).hasMessageContaining("heap");
            int[] ended = {0};
            var x = Tensor.borrow(memory.asSlice(16, 16), spec, Device.CPU, () -> ended[0]++);
            x.assign(Tensor.ones(4));
            assertThat(memory.get(ValueLayout.JAVA_FLOAT, 28)).isEqualTo(1);
            x.close();
            assertThat(ended[0]).isOne();
        }
    }
}
