package org.sfumato.tensor.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Weights of few bits as GGUF stores them, in blocks with scales of their own, and their values as f32.
///
/// Every product and difference is rounded to f32 in the order written here, so that values are bit for bit those of
/// the reference. Source: ggml-org/ggml, `ggml-quants.c`, `dequantize_row_*`; layout of blocks: `ggml-common.h`.
final class Quantised {
    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private Quantised() { }

    private static float half(MemorySegment from, long at) {
        return Float.float16ToFloat(from.get(SHORT, at));
    }

    /// `x_i = d q_i`: d f16, then 32 signed bytes.
    static void q8(MemorySegment from, MemorySegment to, long count) {
        for (long b = 0; b < count / 32; b++) {
            long at = 34 * b;
            float d = half(from, at);
            for (int i = 0; i < 32; i++) {
                to.set(FLOAT, 4 * (32 * b + i), d * from.get(BYTE, at + 2 + i));
            }
        }
    }

    /// `x_i = d (q_i - 8)`: d f16, then 16 bytes, elements 0 to 15 in the lower and 16 to 31 in the upper halves.
    static void q4(MemorySegment from, MemorySegment to, long count) {
        for (long b = 0; b < count / 32; b++) {
            long at = 18 * b;
            float d = half(from, at);
            for (int i = 0; i < 16; i++) {
                int q = from.get(BYTE, at + 2 + i);
                to.set(FLOAT, 4 * (32 * b + i), d * ((q & 15) - 8));
                to.set(FLOAT, 4 * (32 * b + 16 + i), d * ((q >> 4 & 15) - 8));
            }
        }
    }

    /// `x_i = (d s_j) q_i - (m n_j)` for 8 groups j of 32 elements: d and m f16, 12 bytes with the 6-bit s_j and n_j,
    /// 128 bytes with the 4-bit q_i; a run of 32 bytes holds group 2k in its lower halves and 2k + 1 in the upper.
    static void q4k(MemorySegment from, MemorySegment to, long count) {
        for (long b = 0; b < count / 256; b++) {
            long at = 144 * b;
            float d = half(from, at);
            float m = half(from, at + 2);
            for (int j = 0; j < 8; j++) {
                float scale = d * scale(from, at + 4, j);
                float least = m * scale(from, at + 8, at + 4, j);
                long quants = at + 16 + 32 * (j >> 1);
                int shift = 4 * (j & 1);
                long out = 4 * (256 * b + 32 * j);
                for (int i = 0; i < 32; i++) {
                    int q = from.get(BYTE, quants + i) >> shift & 15;
                    to.set(FLOAT, out + 4 * i, scale * q - least);
                }
            }
        }
    }

    /// s_j: six bits of byte j for the first four; for the others four of byte j + 4, two of the upper of byte j - 4.
    private static int scale(MemorySegment from, long scales, int j) {
        return j < 4 ? from.get(BYTE, scales + j) & 63
                : from.get(BYTE, scales + j + 4) & 15 | (from.get(BYTE, scales + j - 4) >> 6 & 3) << 4;
    }

    /// n_j: as s_j, four bytes later, and in the upper half of byte j + 4.
    private static int scale(MemorySegment from, long lasts, long scales, int j) {
        return j < 4 ? from.get(BYTE, lasts + j) & 63
                : from.get(BYTE, scales + j + 4) >> 4 & 15 | (from.get(BYTE, scales + j) >> 6 & 3) << 4;
    }

    /// `x_i = (d s_j) (q_i - 32)` for 16 groups j of 16 elements: 128 bytes with the lower four bits of q_i, 64 with
    /// the upper two, 16 signed s_j, d f16. Each half of the block has elements 32 k + i, k < 4, i < 32, whose lower
    /// bits lie in byte 32 (k & 1) + i, half k >> 1, and upper ones in bits 2 k and 2 k + 1 of byte i.
    static void q6k(MemorySegment from, MemorySegment to, long count) {
        for (long b = 0; b < count / 256; b++) {
            long at = 210 * b;
            float d = half(from, at + 208);
            for (int j = 0; j < 16; j++) {
                float scale = d * from.get(BYTE, at + 192 + j);
                int half = j >> 3;
                int k = j >> 1 & 3;
                long lower = at + 64 * half + 32 * (k & 1) + 16 * (j & 1);
                long upper = at + 128 + 32 * half + 16 * (j & 1);
                int shift = 4 * (k >> 1);
                long out = 4 * (256 * b + 16 * j);
                for (int i = 0; i < 16; i++) {
                    int q = from.get(BYTE, lower + i) >> shift & 15 | (from.get(BYTE, upper + i) >> 2 * k & 3) << 4;
                    to.set(FLOAT, out + 4 * i, scale * (q - 32));
                }
            }
        }
    }
}
