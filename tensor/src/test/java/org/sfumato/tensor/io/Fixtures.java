package org.sfumato.tensor.io;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Tensor;

/// The files beside these tests, and what the tests do with them.
final class Fixtures {
    private Fixtures() { }

    static Path file(String name) {
        return Path.of(URI.create(Fixtures.class.getResource(name).toString()));
    }

    /// Something that reads.
    @FunctionalInterface
    interface Reading<T> {
        T get() throws IOException;
    }

    static <T> Supplier<T> unchecked(Reading<T> reading) {
        return () -> {
            try {
                return reading.get();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        };
    }

    /// Spec and bytes of a tensor, which is freed.
    record Content(String spec, ByteBuffer bytes) {
        static Content of(Tensor tensor) {
            try (var arena = Arena.ofConfined()) {
                var content = new Content(tensor.spec().toString(),
                        ByteBuffer.wrap(tensor.toSegment(arena).toArray(ValueLayout.JAVA_BYTE)));
                tensor.close();
                return content;
            }
        }
    }

    /// Every tensor that `reading` gives.
    static Map<String, Content> contents(Reading<Map<String, Tensor>> reading) {
        try (var scope = Scope.open("test")) {
            return scope.call(() -> {
                var contents = new java.util.TreeMap<String, Content>();
                unchecked(reading).get().forEach((name, tensor) -> contents.put(name, Content.of(tensor)));
                return contents;
            });
        }
    }

    /// All tensors of a file.
    static Map<String, Content> contents(Path path) {
        return contents(() -> {
            try (var file = TensorFile.open(path)) {
                return file.tensors();
            }
        });
    }

    /// A buffer for a file made by hand.
    static ByteBuffer bytes() {
        return ByteBuffer.allocate(1 << 16).order(ByteOrder.LITTLE_ENDIAN);
    }

    /// What was put into `buffer`.
    static byte[] put(ByteBuffer buffer) {
        return java.util.Arrays.copyOf(buffer.array(), buffer.position());
    }

    static byte[] ascii(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    /// A zip file of these entries.
    static byte[] zip(Map<String, byte[]> entries, int method) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            for (var e : entries.entrySet()) {
                var entry = new ZipEntry(e.getKey());
                var crc = new CRC32();
                crc.update(e.getValue());
                entry.setMethod(method);
                entry.setSize(e.getValue().length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(e.getValue());
                zip.closeEntry();
            }
        }
        return bytes.toByteArray();
    }
}
