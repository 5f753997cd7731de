package org.sfumato.tensor.spi;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sfumato.testing.SharedData;

/// Philox against the known-answer vectors that its authors publish with Random123. (NumPy's Philox cannot witness: it
/// is Philox4x64-10, a different generator.)
class PhiloxTest {

    @ParameterizedTest
    @ValueSource(strings = {    // four counter words, two key words, four expected words
        "00000000 00000000 00000000 00000000 00000000 00000000 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff ffffffff ffffffff 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344 a4093822 299f31d0 d16cfe09 94fdcceb 5001e420 24126ea1",
        "243f6a88 85a308d3 13198a2e 03707344 00000001 00000000 38527b8f fad9a48c 20e675c0 f2fea26a",
        "00000000 ffffffff 00000000 00000000 00000001 00000000 04e2eae1 463cc999 e7786310 65b3dc49",
        "00000000 00000000 00000000 80000000 00000000 80000000 f7a0b371 e51dc93d 56ce135d 1d4b5580",
    })
    void equalsThePublishedVectors(String line) {
        assertVector(line.split(" "), 0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"num-rng/random123-kat_vectors", "num-rng/random123-old_kat_vectors"})
    void equalsEveryVectorOfTheFile(String name) throws IOException {
        int count = 0;
        for (var line : Files.readAllLines(SharedData.require(name))) {
            var words = line.trim().split("\\s+");
            if (words[0].equals("philox4x32") && words[1].equals("10")) {
                assertVector(words, 2);
                count++;
            }
        }
        assertThat(count).isGreaterThanOrEqualTo(3);
    }

    @Test
    void wordsAndBitsAreReadFromTheBlockOfTheirIndex() {
        long seed = 0x0123_4567_89AB_CDEFL;
        long stream = 0xFEDC_BA98_7654_3210L;
        for (long i : new long[] {0, 1, 2, 3, 4, 5, 1023, 0x3_FFFF_FFFFL, 0x4_0000_0000L, Long.MAX_VALUE}) {
            long block = i / 4;
            long half = Philox.pair(seed, stream, block, (int) (i % 4 / 2));
            assertThat(Philox.word(seed, stream, i)).isEqualTo((int) (i % 2 == 0 ? half : half >>> 32));
            long low = Philox.word(seed, stream, i / 2 * 2) & 0xFFFF_FFFFL;
            long high = Philox.word(seed, stream, i / 2 * 2 + 1) & 0xFFFF_FFFFL;
            assertThat(Philox.bits(seed, stream, i / 2)).isEqualTo(high << 32 | low);
        }
    }

    private static void assertVector(String[] words, int at) {
        long block = pair(words, at);
        long stream = pair(words, at + 2);
        long seed = pair(words, at + 4);
        assertThat(Philox.pair(seed, stream, block, 0)).as("words 0 and 1").isEqualTo(pair(words, at + 6));
        assertThat(Philox.pair(seed, stream, block, 1)).as("words 2 and 3").isEqualTo(pair(words, at + 8));
    }

    private static long pair(String[] words, int at) {
        return Long.parseLong(words[at], 16) | Long.parseLong(words[at + 1], 16) << 32;
    }
}
