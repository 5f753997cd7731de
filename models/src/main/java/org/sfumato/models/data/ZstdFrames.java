package org.sfumato.models.data;

import com.github.luben.zstd.ZstdDecompressCtx;
import com.github.luben.zstd.ZstdException;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;

/// The content of Zstandard frames, one after another. Unlike the library's own stream it notices if a frame after the
/// first is cut off.
final class ZstdFrames extends InputStream {
    private static final int BYTES = 1 << 17;

    private final InputStream in;
    private final ZstdDecompressCtx context = new ZstdDecompressCtx();
    private final byte[] chunk = new byte[BYTES];
    private final ByteBuffer source = ByteBuffer.allocateDirect(BYTES).limit(0);
    private final ByteBuffer target = ByteBuffer.allocateDirect(BYTES).limit(0);
    private boolean whole = true;

    ZstdFrames(InputStream in) {
        this.in = in;
    }

    @Override
    public int read() throws IOException {
        var one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        while (!target.hasRemaining() && length > 0) {
            if (!source.hasRemaining() && !fill() && whole) {
                return -1;
            }
            decompress();
        }
        int n = Math.min(length, target.remaining());
        target.get(into, offset, n);
        return n;
    }

    private boolean fill() throws IOException {
        int n = in.read(chunk);
        source.clear();
        source.put(chunk, 0, Math.max(0, n)).flip();
        return n > 0;
    }

    private void decompress() throws IOException {
        target.clear();
        int before = source.remaining();
        try {
            boolean finished = context.decompressDirectByteBufferStream(target, source);
            if (before == 0 && target.position() == 0 && !finished) {
                throw new EOFException("it ends inside a frame");
            }
            whole = finished;
        } catch (ZstdException e) {
            throw new IOException(e.getMessage(), e);
        } finally {
            target.flip();
        }
    }

    @Override
    public void close() throws IOException {
        context.close();
        in.close();
    }
}
