package org.sfumato.models.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tensor.Rng;
import org.sfumato.tokenizers.ByteTokenizer;

class BatchesTest {
    private static Batches batches(int windows, int length, int rows, long seed) {
        var tokens = Tokens.of(IntStream.range(0, windows * length + length - 1).toArray());
        return new Batches(new PackedWindows(tokens, length), rows, seed);
    }

    @Test
    void aShuffleIsAPermutation() {
        for (int seed = 0; seed < 3; seed++) {
            for (int size : new int[] {1, 2, 3, 4, 5, 7, 16, 17, 63, 64, 65, 1000, 4096, 40_001}) {
                var shuffle = new Shuffle(Rng.of(seed), size);
                var seen = new BitSet();
                for (int i = 0; i < size; i++) {
                    seen.set(Math.toIntExact(shuffle.at(i)));
                }
                assertThat(seen.cardinality()).isEqualTo(size);
                assertThat(seen.length()).isEqualTo(size);
                assertThatThrownBy(() -> shuffle.at(size)).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
        var huge = new Shuffle(Rng.of(1), 1L << 40);
        assertThat(LongStream.range(0, 1000).map(huge::at).distinct().filter(i -> i >= 0 && i < huge.size()))
                .hasSize(1000);
    }

    /// All pairs of places are equally likely for two indices: the chi-square statistic is above the given limits once
    /// in 1000 samples, with 131 and 2449 degrees of freedom.
    @Test
    void everyPlaceIsEquallyLikely() {
        requireEven(12, 188.6);
        requireEven(50, 2673);
    }

    private static void requireEven(int size, double limit) {
        var pairs = new int[size * size];
        int samples = 20 * size * size;
        for (int seed = 0; seed < samples; seed++) {
            var shuffle = new Shuffle(Rng.of(7).fold(seed), size);
            pairs[(int) (shuffle.at(1) * size + shuffle.at(size - 2))]++;
        }
        double mean = (double) samples / (size * (size - 1));
        double sum = 0;
        for (int i = 0; i < pairs.length; i++) {
            double expected = i % (size + 1) == 0 ? 0 : mean;
            sum += expected == 0 ? pairs[i] : (pairs[i] - mean) * (pairs[i] - mean) / mean;
        }
        assertThat(sum).isLessThan(limit);
    }

    @Test
    void everyWindowComesOnceAnEpoch() {
        for (int seed = 0; seed < 5; seed++) {
            int n = 37;
            int rows = 5;
            var batches = batches(n, 4, rows, seed);
            var counts = new int[n];
            for (int step = 0; step < n * 3 / rows; step++) {                         // 22 steps: 110 of 111 windows
                var batch = batches.at(step);
                assertThat(batch.lengths()).containsOnly(4).hasSize(rows);
                for (int b = 0; b < rows; b++) {
                    long first = batch.ids()[4 * b];
                    assertThat(Arrays.copyOfRange(batch.ids(), 4 * b, 4 * b + 4))
                            .containsExactly(first, first + 1, first + 2, first + 3);
                    assertThat(first % 4).isZero();
                    counts[(int) first / 4]++;
                    int draw = step * rows + b + 1;
                    if (draw % n == 0) {
                        assertThat(counts).as("after %d draws", draw).containsOnly(draw / n);
                    }
                }
            }
            assertThat(batches.epochs(37)).isEqualTo(5);
        }
    }

    @Test
    void epochsAndSeedsDiffer() {
        var batches = batches(64, 1, 64, 1);
        assertThat(batches.at(0).ids()).isNotEqualTo(batches.at(1).ids())
                .isNotEqualTo(batches(64, 1, 64, 2).at(0).ids());
        assertThat(IntStream.range(0, 64).filter(i -> batches.at(0).ids()[i] == i)).hasSizeLessThan(8);
    }

    @Test
    void threadsAndOrderOfAskingDoNotMatter() {
        var batches = batches(1000, 3, 7, 9);
        var forward = IntStream.range(0, 300).mapToObj(step -> batches.at(step).ids()).toList();
        var parallel = IntStream.range(0, 300).parallel().mapToObj(step -> batches.at(step).ids()).toList();
        var backward = IntStream.range(0, 300).mapToObj(step -> batches.at(299 - step).ids()).toList().reversed();
        for (int step = 0; step < 300; step++) {
            assertThat(parallel.get(step)).isEqualTo(forward.get(step)).isEqualTo(backward.get(step));
        }
    }

    @Test
    void aCursorInACheckpointLeadsToTheSameBatch() {
        var batches = batches(100, 8, 6, 3);
        var stored = RecordJson.write(batches.cursor(41));
        var cursor = RecordJson.read(Batches.Cursor.class, stored);
        var again = batches(100, 8, 6, 3);
        assertThat(again.resume(cursor)).isEqualTo(41);
        assertThat(again.at(41).ids()).isEqualTo(batches.at(41).ids());
        for (var other : List.of(batches(101, 8, 6, 3), batches(100, 8, 6, 4), batches(100, 8, 5, 3),
                batches(100, 4, 6, 3), new Batches(new PackedWindows(Tokens.of(new int[807]), 8), 6, 3))) {
            assertThatThrownBy(() -> other.resume(cursor)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("batches: the training goes on with other data, ");
        }
    }

    @Test
    void aDocumentARowIsPaddedOrCut(@TempDir Path temp) throws IOException {
        var lines = Files.writeString(temp.resolve("lines.txt"), "abcdef\nab\n\nabcd\n");
        new Preparation(new ByteTokenizer(), new DocumentFiles(List.of(lines), "text", "\n"), OptionalInt.empty(),
                OptionalInt.of(1), 4).run(temp.resolve("out"), (bytes, tokens, documents) -> { });
        try (var tokens = PreparedTokens.open(temp.resolve("out"))) {
            var windows = new DocumentWindows(tokens, 5, 99);
            assertThat(windows.count()).isEqualTo(3);
            var row = new long[7];
            assertThat(windows.copy(0, row, 1)).isEqualTo(5);
            assertThat(row).containsExactly(0, 'a', 'b', 'c', 'd', 'e', 0);
            assertThat(windows.copy(1, row, 2)).isEqualTo(3);
            assertThat(row).containsExactly(0, 'a', 'a', 'b', 1, 99, 99);
            assertThat(windows.copy(2, row, 0)).isEqualTo(5);
            assertThat(row).startsWith('a', 'b', 'c', 'd', 1);
            assertThatThrownBy(() -> windows.copy(3, row, 0)).hasMessage("windows: no row 3 of 3");
            var batch = new Batches(windows, 3, 1).at(0);
            assertThat(batch.lengths()).containsExactlyInAnyOrder(5, 3, 5);
        }
    }

    @Test
    void tooShortATextIsRefused() {
        assertThatThrownBy(() -> new PackedWindows(Tokens.of(1, 2), 3))
                .hasMessageStartingWith("windows: 2 tokens make no row of 3");
    }
}
