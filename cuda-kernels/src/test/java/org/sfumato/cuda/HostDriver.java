package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A device that has memory, but only numbers in place of its contents, and that notes what is started.
final class HostDriver implements Driver {
    final TreeMap<Long, Long> allocated = new TreeMap<>();
    final List<String> started = new ArrayList<>();
    final Map<Long, List<String>> graphs = new HashMap<>();
    private final long capacity;
    private List<String> noted;
    private long next = 1L << 20;
    private long used;

    HostDriver(long capacity) {
        this.capacity = capacity;
    }

    @Override
    public Properties properties() {
        return new Properties("test device", 8, 0, 1, capacity, 1 << 16);
    }

    @Override
    public long allocate(long bytes) {
        if (used + bytes > capacity) {
            throw new OutOfMemoryError("test device is full");
        }
        used += bytes;
        long address = next;
        next += bytes + 512;
        allocated.put(address, bytes);
        return address;
    }

    @Override
    public void free(long address) {
        used -= allocated.remove(address);
    }

    private void start(String what) {
        (noted != null ? noted : started).add(what);
    }

    @Override
    public void upload(MemorySegment from, long to) {
        start("upload");
    }

    @Override
    public void download(long from, MemorySegment to) {
        if (noted != null) {
            throw new IllegalStateException("download: a graph is being captured");
        }
    }

    @Override
    public void copy(long from, long to, long bytes) {
        start("copy " + bytes);
    }

    @Override
    public void fill(long address, byte value, long bytes) {
        start("fill " + bytes);
    }

    @Override
    public long load(String name, String ptx) {
        return 1;
    }

    @Override
    public long function(long module, String name) {
        return 1;
    }

    @Override
    public void launch(long function, Grid grid, MemorySegment arguments) {
        start("launch " + grid.gridX());
    }

    @Override
    public void synchronize() { }

    @Override
    public void beginCapture() {
        noted = new ArrayList<>();
    }

    @Override
    public long endCapture() {
        graphs.put((long) graphs.size(), noted);
        noted = null;
        return graphs.size() - 1;
    }

    @Override
    public void replay(long graph) {
        started.addAll(graphs.get(graph));
    }

    @Override
    public void discard(long graph) {
        graphs.remove(graph);
    }

    @Override
    public void close() { }
}
