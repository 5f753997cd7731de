package org.sfumato.models.data;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import org.sfumato.tensor.io.FormatException;

/// The characters of a UTF-8 file, which may be compressed by gzip or Zstandard: told by its first bytes, which no
/// UTF-8 text has. Nothing is replaced: what is not UTF-8 is an error. A byte order mark is left out.
final class Utf8Reader extends Reader {
    private static final int BYTES = 1 << 16;
    private static final int MARK = '\uFEFF';

    private final Path file;
    private final Counted counted;
    private final InputStream bytes;
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    private final ByteBuffer pending = ByteBuffer.allocate(BYTES).limit(0);
    /// How many bytes of text were taken from `pending`.
    private long decoded;
    private boolean ended;
    private boolean started;

    private Utf8Reader(Path file) throws IOException {
        this.file = file;
        counted = new Counted(Files.newInputStream(file));
        try {
            bytes = decompressed(new BufferedInputStream(counted, BYTES));
        } catch (IOException e) {
            counted.close();
            throw wrong("cannot be read, " + e.getMessage(), e);
        }
    }

    static Utf8Reader open(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new FormatException("data", file, "is a folder\nhint: name the files in it");
        }
        return new Utf8Reader(file);
    }

    private static InputStream decompressed(BufferedInputStream in) throws IOException {
        in.mark(4);
        var magic = ByteBuffer.wrap(in.readNBytes(4));
        in.reset();
        if (magic.remaining() >= 2 && magic.getShort(0) == 0x1F8B) {
            return new GZIPInputStream(in, BYTES);
        }
        return magic.remaining() == 4 && magic.getInt(0) == 0x28B52FFD ? new ZstdFrames(in) : in;
    }

    /// Bytes of the file read so far.
    long position() {
        return counted.count;
    }

    @Override
    public int read(char[] into, int offset, int length) throws IOException {
        var out = CharBuffer.wrap(into, offset, length).slice();
        while (out.position() == 0 && length > 0) {
            var result = decoder.decode(pending, out, ended);
            if (result.isError()) {
                throw notUtf8(result);
            }
            if (out.position() == 0) {
                if (ended) {
                    return -1;
                }
                fill();
            } else if (!started) {
                started = true;
                if (out.get(0) == MARK) {
                    out.flip().position(1);
                    out.compact();
                }
            }
        }
        return out.position();
    }

    private void fill() throws IOException {
        decoded += pending.position();
        pending.compact();
        try {
            int n = bytes.read(pending.array(), pending.position(), pending.remaining());
            ended = n < 0;
            pending.position(pending.position() + Math.max(0, n));
        } catch (IOException e) {
            throw wrong("cannot be read, " + e.getMessage() + "\nhint: it may be damaged or cut off; get it again", e);
        } finally {
            pending.flip();
        }
    }

    private FormatException notUtf8(CoderResult result) {
        int at = pending.position();
        return wrong("is not UTF-8 at byte " + (decoded + at) + " of the text, 0x%02X".formatted(pending.get(at))
                + (result.isMalformed() && ended && at + result.length() == pending.limit() ? ", its end" : "")
                + "\nhint: convert it, e.g. iconv -t UTF-8", null);
    }

    private FormatException wrong(String what, IOException cause) {
        return new FormatException("data", file, what, cause);
    }

    @Override
    public void close() throws IOException {
        bytes.close();
    }

    /// Counts what is read from a file.
    private static final class Counted extends FilterInputStream {
        private long count;

        Counted(InputStream in) {
            super(in);
        }

        @Override
        public int read() throws IOException {
            int b = super.read();
            count += b < 0 ? 0 : 1;
            return b;
        }

        @Override
        public int read(byte[] into, int offset, int length) throws IOException {
            int n = super.read(into, offset, length);
            count += Math.max(0, n);
            return n;
        }
    }
}
