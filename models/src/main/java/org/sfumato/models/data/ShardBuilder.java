package org.sfumato.models.data;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// Tokens and documents of the file that is written next.
final class ShardBuilder implements AutoCloseable {
    private static final long LEAST = 1 << 16;

    private final boolean wide;
    private final Memory ids = new Memory();
    private final Memory documents = new Memory();
    private long size;
    private long count;
    /// A document has begun of which no token has come.
    private boolean begun;

    ShardBuilder(boolean wide) {
        this.wide = wide;
    }

    /// The next token is the first one of a document.
    void begin() {
        begun = true;
    }

    void add(int... tokens) {
        if (tokens.length == 0) {
            return;
        }
        if (begun) {
            documents.require((count + 1) * Long.BYTES);
            TokenShard.putDocument(documents.segment, count++, size);
            begun = false;
        }
        ids.require((size + tokens.length) * TokenShard.bytes(wide));
        for (int id : tokens) {
            TokenShard.put(ids.segment, wide, size++, id);
        }
    }

    long size() {
        return size;
    }

    long documents() {
        return count;
    }

    /// Writes what has come as a file, and begins anew; returns the checksum of the file.
    String write(Path path, String recipe, TokenShard.Place next) throws IOException {
        var crc = TokenShard.write(path, recipe, wide, documents.segment.asSlice(0, count * Long.BYTES),
                ids.segment.asSlice(0, size * TokenShard.bytes(wide)), next);
        size = 0;
        count = 0;
        return crc;
    }

    @Override
    public void close() {
        ids.close();
        documents.close();
    }

    /// Native memory that grows and keeps its beginning.
    private static final class Memory implements AutoCloseable {
        private Arena arena = Arena.ofConfined();
        private MemorySegment segment = arena.allocate(LEAST, Long.BYTES);

        void require(long bytes) {
            if (bytes > segment.byteSize()) {
                var larger = Arena.ofConfined();
                var copy = larger.allocate(Math.max(bytes, segment.byteSize() * 3 / 2), Long.BYTES);
                MemorySegment.copy(segment, 0, copy, 0, segment.byteSize());
                arena.close();
                arena = larger;
                segment = copy;
            }
        }

        @Override
        public void close() {
            arena.close();
        }
    }
}
