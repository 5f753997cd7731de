package org.sfumato.tensor.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// A place in the bytes of a file that moves on as they are read, little-endian. Nothing is read or
/// allocated beyond the end.
final class Cursor {
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final FileBytes file;
    private final MemorySegment bytes;
    private long at;

    Cursor(FileBytes file, MemorySegment bytes) {
        this.file = file;
        this.bytes = bytes;
    }

    long at() {
        return at;
    }

    long remaining() {
        return bytes.byteSize() - at;
    }

    /// Goes to byte `place`.
    ///
    /// @throws FormatException if there is none
    void move(long place) throws FormatException {
        if (place < 0 || place > bytes.byteSize()) {
            throw file.wrong("byte " + place + " is asked for, there are " + bytes.byteSize());
        }
        at = place;
    }

    private long take(long n, String what) throws FormatException {
        if (n < 0 || n > remaining()) {
            throw file.wrong(what + " at byte " + at + " needs " + Long.toUnsignedString(n) + " bytes, "
                    + remaining() + " are left");
        }
        at += n;
        return at - n;
    }

    int u8(String what) throws FormatException {
        return bytes.get(ValueLayout.JAVA_BYTE, take(1, what)) & 0xFF;
    }

    int u16(String what) throws FormatException {
        return bytes.get(SHORT, take(2, what)) & 0xFFFF;
    }

    int i32(String what) throws FormatException {
        return bytes.get(INT, take(4, what));
    }

    long u32(String what) throws FormatException {
        return i32(what) & 0xFFFF_FFFFL;
    }

    long i64(String what) throws FormatException {
        return bytes.get(LONG, take(8, what));
    }

    /// A number of things of at least `least` bytes each, all of which must still fit.
    int count(long n, int least, String what) throws FormatException {
        if (n < 0 || n > remaining() / least || n > Integer.MAX_VALUE) {
            throw file.wrong(Long.toUnsignedString(n) + " " + what + " cannot be in the " + remaining()
                    + " bytes from " + at + " on");
        }
        return (int) n;
    }

    /// `n` bytes of strict UTF-8.
    String text(long n, String what) throws FormatException {
        long from = take(n, what);
        if (n > Integer.MAX_VALUE) {
            throw file.wrong(what + " at byte " + from + " has " + n + " bytes, at most " + Integer.MAX_VALUE);
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes.asSlice(from, n).asByteBuffer()).toString();
        } catch (CharacterCodingException e) {
            throw file.wrong(what + " at byte " + from + " is not UTF-8", e);
        }
    }

    void skip(long n, String what) throws FormatException {
        take(n, what);
    }
}
