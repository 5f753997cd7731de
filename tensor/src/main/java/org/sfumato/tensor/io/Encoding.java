package org.sfumato.tensor.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.Optional;
import org.sfumato.tensor.DType;

/// How elements lie in a file: blocks of so many bytes, each of so many elements, and the type of this library that
/// holds their values exactly (quantised weights: as float32 arithmetic gives them). The names are those of
/// safetensors and of GGUF.
enum Encoding {
    F64(DType.F64, 1, 8),
    F32(DType.F32, 1, 4),
    F16(DType.F16, 1, 2),
    BF16(DType.BF16, 1, 2),
    I64(DType.I64, 1, 8),
    I32(DType.I32, 1, 4),
    BOOL(DType.BOOL, 1, 1),
    I16(DType.I32, 1, 2),
    U16(DType.I32, 1, 2),
    I8(DType.I32, 1, 1),
    U8(DType.I32, 1, 1),
    U32(DType.I64, 1, 4),
    Q8_0(DType.F32, 32, 34),
    Q4_0(DType.F32, 32, 18),
    Q4_K(DType.F32, 256, 144),
    Q6_K(DType.F32, 256, 210);

    private static final ValueLayout.OfByte BYTE = ValueLayout.JAVA_BYTE;
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final DType loaded;
    private final int block;
    private final int blockBytes;

    Encoding(DType loaded, int block, int blockBytes) {
        this.loaded = loaded;
        this.block = block;
        this.blockBytes = blockBytes;
    }

    /// The type as which such elements are loaded.
    DType loaded() {
        return loaded;
    }

    /// Elements of a block.
    int block() {
        return block;
    }

    /// Bytes of a block.
    int blockBytes() {
        return blockBytes;
    }

    /// True if the bytes of the file are those of the tensor.
    boolean isPlain() {
        return block == 1 && blockBytes == loaded.bytes();
    }

    /// Bytes of `count` elements, whole blocks.
    long bytes(long count) {
        return Math.multiplyExact(count / block, (long) blockBytes);
    }

    /// The encoding called `name`; empty if the library has none for it.
    static Optional<Encoding> of(String name) {
        return Arrays.stream(values()).filter(encoding -> encoding.name().equals(name)).findFirst();
    }

    /// True if [#decode] can write elements as `type`: as [#loaded], and the two half types, of which most weights are,
    /// as f32, which holds them exactly.
    boolean decodesTo(DType type) {
        return type == loaded || type == DType.F32 && (this == F16 || this == BF16);
    }

    /// Writes `count` elements, whole blocks, as `type` to `to`.
    void decode(MemorySegment from, MemorySegment to, long count, DType type) {
        if (type != loaded) {
            widen(from, to, count);
            return;
        }
        switch (this) {
            case F64, F32, F16, BF16, I64, I32, BOOL -> MemorySegment.copy(from, 0, to, 0, bytes(count));
            case I16 -> {
                for (long i = 0; i < count; i++) {
                    to.set(INT, 4 * i, from.get(SHORT, 2 * i));
                }
            }
            case U16 -> {
                for (long i = 0; i < count; i++) {
                    to.set(INT, 4 * i, from.get(SHORT, 2 * i) & 0xFFFF);
                }
            }
            case I8 -> {
                for (long i = 0; i < count; i++) {
                    to.set(INT, 4 * i, from.get(BYTE, i));
                }
            }
            case U8 -> {
                for (long i = 0; i < count; i++) {
                    to.set(INT, 4 * i, from.get(BYTE, i) & 0xFF);
                }
            }
            case U32 -> {
                for (long i = 0; i < count; i++) {
                    to.set(LONG, 8 * i, from.get(INT, 4 * i) & 0xFFFF_FFFFL);
                }
            }
            case Q8_0 -> Quantised.q8(from, to, count);
            case Q4_0 -> Quantised.q4(from, to, count);
            case Q4_K -> Quantised.q4k(from, to, count);
            case Q6_K -> Quantised.q6k(from, to, count);
        }
    }

    private void widen(MemorySegment from, MemorySegment to, long count) {
        if (this == BF16) {
            for (long i = 0; i < count; i++) {
                to.set(INT, 4 * i, from.get(SHORT, 2 * i) << 16);
            }
        } else {
            for (long i = 0; i < count; i++) {
                to.set(FLOAT, 4 * i, Float.float16ToFloat(from.get(SHORT, 2 * i)));
            }
        }
    }
}
