package org.sfumato.tensor.io;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.ShapeException;
import org.sfumato.tensor.Spec;

/// The head of an npy file: magic, version, length, and a Python dictionary that says type, order and shape.
///
/// @param spec shape and type
/// @param big true if the bytes of an element lie in big-endian order
/// @param fortran true if the first index runs fastest
/// @param dataStart where in the file the data begin
record NpyHeader(Spec spec, boolean big, boolean fortran, long dataStart) {
    private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
    private static final int ALIGNMENT = 64;
    private static final int MOST_AXES = 64;
    /// Room that NumPy leaves for the first size to grow.
    private static final int GROWTH = 21;
    /// Longer heads describe structured arrays only.
    private static final int LONGEST = 65_535;
    private static final Map<String, DType> TYPES = Map.of("f2", DType.F16, "f4", DType.F32, "f8", DType.F64,
            "i4", DType.I32, "i8", DType.I64, "b1", DType.BOOL);
    private static final ValueLayout.OfShort SHORT =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /// Reads the head of `file` and checks that exactly its elements follow.
    ///
    /// @throws IllegalArgumentException if a rule is broken, saying which
    static NpyHeader read(MemorySegment file) {
        long size = file.byteSize();
        require(size >= 10 && MemorySegment.mismatch(file, 0, 6, MemorySegment.ofArray(MAGIC), 0, 6) < 0,
                "it does not begin as npy files do");
        int version = file.get(ValueLayout.JAVA_BYTE, 6);
        require(version >= 1 && version <= 3 && file.get(ValueLayout.JAVA_BYTE, 7) == 0,
                "unknown version " + version + "." + file.get(ValueLayout.JAVA_BYTE, 7));
        int textStart = version == 1 ? 10 : 12;
        require(size >= textStart, "it ends inside its header");
        long length = version == 1 ? Short.toUnsignedLong(file.get(SHORT, 8))
                : Integer.toUnsignedLong(file.get(INT, 8));
        require(length <= LONGEST, "the header claims " + length + " bytes, at most " + LONGEST);
        require(length <= size - textStart, "it ends inside its header");
        var text = new String(file.asSlice(textStart, length).toArray(ValueLayout.JAVA_BYTE),
                version < 3 ? StandardCharsets.ISO_8859_1 : StandardCharsets.UTF_8);
        var header = interpret(new PythonLiteral(text).dictionary(), textStart + length);
        long bytes = bytes(header.spec);
        require(bytes == size - header.dataStart, header.spec + " needs " + bytes + " bytes, there are "
                + (size - header.dataStart));
        return header;
    }

    private static NpyHeader interpret(Map<String, Object> fields, long dataStart) {
        require(fields.keySet().equals(java.util.Set.of("descr", "fortran_order", "shape")),
                "the header has the keys " + fields.keySet().stream().sorted().toList());
        require(!(fields.get("descr") instanceof List), "structured arrays have no counterpart here");
        require(fields.get("descr") instanceof String, "descr is not a text");
        require(fields.get("fortran_order") instanceof Boolean, "fortran_order is not True or False");
        require(fields.get("shape") instanceof List, "shape is not a tuple");
        var descr = (String) fields.get("descr");
        require(!descr.matches("[|<>=]?O.*"),
                "object arrays hold Python pickles, which run code: they are never loaded");
        var type = descr.matches("[|<>]..") ? TYPES.get(descr.substring(1)) : null;
        require(type != null && (type == DType.BOOL || descr.charAt(0) != '|'),
                "dtype '" + descr + "' has no counterpart here");
        return new NpyHeader(new Spec(shape((List<?>) fields.get("shape")), type), descr.charAt(0) == '>',
                (Boolean) fields.get("fortran_order"), dataStart);
    }

    private static Shape shape(List<?> sizes) {
        require(sizes.stream().allMatch(Long.class::isInstance), "shape holds something else than whole numbers");
        try {
            return Shape.of(sizes.stream().flatMapToLong(size -> LongStream.of((Long) size)).toArray());
        } catch (ShapeException e) {
            throw new IllegalArgumentException(e.getMessage(), e);
        }
    }

    private static long bytes(Spec spec) {
        try {
            return spec.bytes();
        } catch (ArithmeticException e) {
            throw new IllegalArgumentException("the size of " + spec + " overflows", e);
        }
    }

    private static void require(boolean fine, String what) {
        if (!fine) {
            throw new IllegalArgumentException(what);
        }
    }

    /// The head of a file of version 1.0 with dense little-endian elements of `spec`, byte for byte as NumPy writes it.
    ///
    /// @throws IllegalArgumentException if NumPy has no such array
    static ByteBuffer write(Spec spec) {
        var shape = spec.shape();
        require(spec.dtype() != DType.BF16, "npy: NumPy has no bf16\nhint: cast(DType.F32)");
        require(shape.rank() <= MOST_AXES, "npy: NumPy has at most " + MOST_AXES + " axes, not " + shape.rank());
        var sizes = LongStream.of(shape.sizes()).mapToObj(Long::toString)
                .collect(Collectors.joining(", ", "(", shape.rank() == 1 ? ",)" : ")"));
        var text = "{'descr': '" + descr(spec.dtype()) + "', 'fortran_order': False, 'shape': " + sizes + ", }";
        if (shape.rank() > 0) {
            text += " ".repeat(GROWTH - Long.toString(shape.size(0)).length());
        }
        int used = 10 + text.length() + 1;
        text += " ".repeat(ALIGNMENT - used % ALIGNMENT) + "\n";
        return ByteBuffer.allocate(10 + text.length()).order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC).put((byte) 1).put((byte) 0).putShort((short) text.length())
                .put(text.getBytes(StandardCharsets.ISO_8859_1)).flip();
    }

    private static String descr(DType type) {
        return TYPES.entrySet().stream().filter(e -> e.getValue() == type)
                .map(e -> (type == DType.BOOL ? "|" : "<") + e.getKey()).findFirst().orElseThrow();
    }

    /// The few Python literals of which npy headers consist, read and never run.
    private static final class PythonLiteral {
        private static final int DEEPEST = 8;

        private final String text;
        private int at;

        PythonLiteral(String text) {
            this.text = text;
        }

        /// The whole text as a dictionary; what follows may be blank only.
        Map<String, Object> dictionary() {
            var result = new HashMap<String, Object>();
            expect('{');
            while (!accept('}')) {
                require(peek() == '\'' || peek() == '"', "a key of the header is not a text");
                var key = string();
                expect(':');
                require(result.put(key, value(0)) == null, "the header has '" + key + "' twice");
                require(accept(',') || peek() == '}', "the header lacks a comma at " + at);
            }
            require(peek() == 0, "text follows the dictionary of the header");
            return result;
        }

        private Object value(int depth) {
            require(depth < DEEPEST, "the header is nested too deeply");
            char c = peek();
            if (c == '\'' || c == '"') {
                return string();
            }
            if (c == '(' || c == '[') {
                return list(depth, c == '(' ? ')' : ']');
            }
            int from = at;
            while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '-')) {
                at++;
            }
            var word = text.substring(from, at);
            return switch (word) {
                case "True" -> true;
                case "False" -> false;
                default -> number(word, from);
            };
        }

        private Long number(String word, int from) {
            require(word.matches("[0-9]{1,19}L?"), "the header has something else than a literal at " + from);
            try {
                return Long.parseLong(word.replace("L", ""));                 // Python 2 wrote 3L
            } catch (NumberFormatException e) {
                throw new IllegalArgumentException("the number " + word + " is too large", e);
            }
        }

        /// `()`, `(3,)`, `(2, 3)`; `(3)` is no tuple in Python and none here.
        private List<Object> list(int depth, char end) {
            var result = new java.util.ArrayList<>();
            at++;
            boolean comma = false;
            while (!accept(end)) {
                require(result.isEmpty() || comma, "the header lacks a comma at " + at);
                result.add(value(depth + 1));
                comma = accept(',');
            }
            require(end == ']' || result.size() != 1 || comma, "shape is not a tuple");
            return result;
        }

        private String string() {
            char quote = text.charAt(at);
            int end = text.indexOf(quote, at + 1);
            require(end > 0, "the header has a text without end");
            var result = text.substring(at + 1, end);
            require(result.indexOf('\\') < 0, "the header has an escape in a text");
            at = end + 1;
            return result;
        }

        private char peek() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : 0;
        }

        private boolean accept(char c) {
            boolean is = peek() == c;
            at += is ? 1 : 0;
            return is;
        }

        private void expect(char c) {
            require(accept(c), "the header lacks '" + c + "' at " + at);
        }
    }
}
