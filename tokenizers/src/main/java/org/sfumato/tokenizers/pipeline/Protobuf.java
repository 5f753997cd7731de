package org.sfumato.tokenizers.pipeline;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/// Reads the fields of a protobuf message, one after another, without going beyond its end.
///
/// Source: "Encoding", the documentation of Protocol Buffers.
final class Protobuf {
    static final int VARINT = 0;
    static final int FIXED64 = 1;
    static final int BYTES = 2;
    static final int FIXED32 = 5;
    private final ByteBuffer in;
    private int tag;

    Protobuf(ByteBuffer in) {
        this.in = in.slice().order(ByteOrder.LITTLE_ENDIAN);
    }

    /// Goes to the next field; false at the end.
    boolean next() {
        if (!in.hasRemaining()) {
            return false;
        }
        tag = (int) varint();
        if (tag >>> 3 == 0) {
            throw broken("a field without a number");
        }
        return true;
    }

    int field() {
        return tag >>> 3;
    }

    int wireType() {
        return tag & 7;
    }

    long varint() {
        long value = 0;
        for (int shift = 0; shift < 64; shift += 7) {
            require(1);
            byte b = in.get();
            value |= (long) (b & 0x7F) << shift;
            if (b >= 0) {
                return value;
            }
        }
        throw broken("a number of more than ten bytes");
    }

    float fixed32() {
        expect(FIXED32);
        require(4);
        return in.getFloat();
    }

    boolean flag() {
        return number() != 0;
    }

    int number() {
        expect(VARINT);
        return (int) varint();
    }

    ByteBuffer bytes() {
        expect(BYTES);
        long length = varint();
        if (length < 0 || length > in.remaining()) {
            throw broken("a field of " + length + " bytes where " + in.remaining() + " are left");
        }
        var part = in.slice(in.position(), (int) length);
        in.position(in.position() + (int) length);
        return part;
    }

    String text() {
        return StandardCharsets.UTF_8.decode(bytes()).toString();
    }

    byte[] array() {
        var part = bytes();
        var out = new byte[part.remaining()];
        part.get(out);
        return out;
    }

    void skip() {
        switch (wireType()) {
            case VARINT -> varint();
            case FIXED64 -> {
                require(8);
                in.position(in.position() + 8);
            }
            case BYTES -> bytes();
            case FIXED32 -> fixed32();
            default -> throw broken("wire type " + wireType());
        }
    }

    private void expect(int type) {
        if (wireType() != type) {
            throw broken("field " + field() + " of wire type " + wireType() + ", expected " + type);
        }
    }

    private void require(int bytes) {
        if (in.remaining() < bytes) {
            throw broken("the end, where " + bytes + " bytes should follow");
        }
    }

    private IllegalArgumentException broken(String what) {
        return new IllegalArgumentException("not a SentencePiece model: at byte " + in.position() + " of a message: "
                + what + "\nhint: the file may have been cut off, or be a pointer of Git LFS");
    }
}
