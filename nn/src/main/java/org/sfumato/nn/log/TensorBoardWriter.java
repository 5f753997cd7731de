package org.sfumato.nn.log;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.zip.CRC32C;

/// Scalars in a file that `tensorboard --logdir FOLDER` shows, each there as soon as it is written.
///
/// A file is a row of records `length (8 bytes), crc(length) (4), event, crc(event) (4)`, all little-endian, where
/// `crc(x) = rotateRight(crc32c(x), 15) + 0xa282ead8`. Source: TensorFlow, `core/lib/io/record_writer.h`; the events:
/// `core/util/event.proto` and `core/framework/summary.proto`.
public final class TensorBoardWriter implements AutoCloseable {
    private static final int MASK_DELTA = 0xa282ead8;
    private static final String VERSION = "brain.Event:2";
    private static final int ATTEMPTS = 1000;

    // The low three bits of a key are the wire type of Protocol Buffers: 0 varint, 1 eight bytes, 2 counted, 5 four.
    private static final int EVENT_WALL_TIME = 1 << 3 | 1;
    private static final int EVENT_STEP = 2 << 3;
    private static final int EVENT_FILE_VERSION = 3 << 3 | 2;
    private static final int EVENT_SUMMARY = 5 << 3 | 2;
    private static final int EVENT_SESSION_LOG = 7 << 3 | 2;
    private static final int SESSION_LOG_STATUS = 1 << 3;
    private static final int STATUS_START = 1;
    private static final int SUMMARY_VALUE = 1 << 3 | 2;
    private static final int VALUE_TAG = 1 << 3 | 2;
    private static final int VALUE_SIMPLE = 2 << 3 | 5;

    private final InstantSource clock;
    private final Path path;
    private final FileChannel channel;

    /// A new file in `folder`, which is made if need be. TensorBoard shows all files of one folder as one run.
    ///
    /// @throws IOException if it cannot be made
    public TensorBoardWriter(Path folder) throws IOException {
        this(folder, InstantSource.system());
    }

    /// A new file in `folder`, by another clock.
    ///
    /// @throws IOException if it cannot be made
    public TensorBoardWriter(Path folder, InstantSource clock) throws IOException {
        this.clock = clock;
        Files.createDirectories(folder);
        var now = clock.instant();
        Path file = null;
        FileChannel opened = null;
        for (int i = 0; opened == null; i++) {
            file = folder.resolve("events.out.tfevents.%010d.sfumato.%d.%d".formatted(now.getEpochSecond(),
                    ProcessHandle.current().pid(), i));
            try {
                opened = FileChannel.open(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
            } catch (FileAlreadyExistsException e) {
                if (i == ATTEMPTS) {
                    throw e;
                }
            }
        }
        this.path = file;
        this.channel = opened;
        write(event(now, 0, EVENT_FILE_VERSION, VERSION.getBytes(StandardCharsets.UTF_8)));
    }

    /// The file.
    public Path path() {
        return path;
    }

    /// Tells TensorBoard that the run goes on from `step`, so that it forgets what earlier files hold from there on.
    ///
    /// @throws UncheckedIOException if it cannot be written
    public void resume(long step) {
        var log = buffer(2);
        log.put((byte) SESSION_LOG_STATUS).put((byte) STATUS_START);
        write(event(clock.instant(), step, EVENT_SESSION_LOG, bytes(log)));
    }

    /// The value of the curve `tag` at `step`, rounded to f32, the type that the format has. Values that are not
    /// finite are written as they are.
    ///
    /// @param tag a name such as `loss/train`; what precedes the slash groups curves
    /// @throws UncheckedIOException if it cannot be written
    public void scalar(String tag, long step, double value) {
        var name = tag.getBytes(StandardCharsets.UTF_8);
        var scalar = buffer(16 + name.length);
        counted(scalar, VALUE_TAG, name);
        scalar.put((byte) VALUE_SIMPLE).putFloat((float) value);
        var inner = bytes(scalar);
        var summary = buffer(8 + inner.length);
        counted(summary, SUMMARY_VALUE, inner);
        write(event(clock.instant(), step, EVENT_SUMMARY, bytes(summary)));
    }

    private static byte[] event(Instant time, long step, int key, byte[] what) {
        var event = buffer(32 + what.length);
        event.put((byte) EVENT_WALL_TIME).putDouble(time.getEpochSecond() + time.getNano() * 1e-9);
        if (step != 0) {                                    // Protocol Buffers 3 leave out what is 0
            varint(event.put((byte) EVENT_STEP), step);
        }
        counted(event, key, what);
        return bytes(event);
    }

    private static void counted(ByteBuffer out, int key, byte[] content) {
        varint(out.put((byte) key), content.length);
        out.put(content);
    }

    private static void varint(ByteBuffer out, long value) {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.put((byte) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.put((byte) rest);
    }

    private static ByteBuffer buffer(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static byte[] bytes(ByteBuffer filled) {
        var bytes = new byte[filled.flip().remaining()];
        filled.get(bytes);
        return bytes;
    }

    private synchronized void write(byte[] event) {
        var head = buffer(Long.BYTES).putLong(event.length).array();
        var written = buffer(Long.BYTES + 2 * Integer.BYTES + event.length);
        written.put(head).putInt(masked(head)).put(event).putInt(masked(event)).flip();
        try {
            while (written.hasRemaining()) {
                channel.write(written);
            }
        } catch (IOException e) {
            throw new UncheckedIOException("tensorboard: cannot write " + path + ": " + e.getMessage(), e);
        }
    }

    static int masked(byte[] bytes) {
        var crc = new CRC32C();
        crc.update(bytes);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK_DELTA;
    }

    /// Closes the file.
    @Override
    public void close() throws IOException {
        channel.close();
    }
}
