package org.sfumato.nn.checkpoint;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.MappedByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;

/// A file's channel whose writing and forcing a [Fault] may strike; a write that is struck leaves half of its bytes.
/// Forcing is only noted, not done: the fault decides what is lost, and the tests stay fast.
final class FaultyChannel extends FileChannel {
    private final FileChannel real;
    private final Path path;
    private final Fault fault;

    FaultyChannel(FileChannel real, Path path, Fault fault) {
        this.real = real;
        this.path = path;
        this.fault = fault;
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
        fault.written(path);
        fault.change(() -> real.write(source.slice(source.position(), source.remaining() / 2)));
        return real.write(source);
    }

    @Override
    public int write(ByteBuffer source, long position) throws IOException {
        fault.written(path);
        fault.change(() -> { });
        return real.write(source, position);
    }

    @Override
    public long write(ByteBuffer[] sources, int offset, int length) {
        throw new UnsupportedOperationException();
    }

    @Override
    public void force(boolean metaData) throws IOException {
        fault.change(() -> { });
        fault.forced(path);
    }

    @Override
    public FileChannel truncate(long size) throws IOException {
        fault.change(() -> { });
        real.truncate(size);
        return this;
    }

    @Override
    public int read(ByteBuffer target) throws IOException {
        return real.read(target);
    }

    @Override
    public int read(ByteBuffer target, long position) throws IOException {
        return real.read(target, position);
    }

    @Override
    public long read(ByteBuffer[] targets, int offset, int length) throws IOException {
        return real.read(targets, offset, length);
    }

    @Override
    public long position() throws IOException {
        return real.position();
    }

    @Override
    public FileChannel position(long position) throws IOException {
        real.position(position);
        return this;
    }

    @Override
    public long size() throws IOException {
        return real.size();
    }

    @Override
    public long transferTo(long position, long count, WritableByteChannel target) throws IOException {
        return real.transferTo(position, count, target);
    }

    @Override
    public long transferFrom(ReadableByteChannel source, long position, long count) {
        throw new UnsupportedOperationException();
    }

    @Override
    public MappedByteBuffer map(MapMode mode, long position, long size) throws IOException {
        return real.map(mode, position, size);
    }

    @Override
    public MemorySegment map(MapMode mode, long position, long size, Arena arena) throws IOException {
        return real.map(mode, position, size, arena);
    }

    @Override
    public FileLock lock(long position, long size, boolean shared) throws IOException {
        return real.lock(position, size, shared);
    }

    @Override
    public FileLock tryLock(long position, long size, boolean shared) throws IOException {
        return real.tryLock(position, size, shared);
    }

    @Override
    protected void implCloseChannel() throws IOException {
        real.close();
    }
}
