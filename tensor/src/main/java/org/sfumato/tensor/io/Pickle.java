package org.sfumato.tensor.io;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The part of Python's pickle that describes tensors, protocols 2 to 5: dictionaries, lists, tuples, texts, numbers,
/// truth values, None, and calls of the three functions in [Global.Call]. Any other global is refused by its name,
/// before anything is made of it; no code of the file is ever run, because there is none here that could run it.
///
/// Values are [Map], [List], [Tuple], [String], [Long], [Double], [Boolean], [None], [Storage] and [Strided]. Shared
/// parts are shared, so that the memory needed is bounded by the number of bytes read. Source: CPython,
/// `Lib/pickletools.py`.
final class Pickle {
    /// Python's `None`.
    enum None { NONE }

    /// A tuple.
    record Tuple(List<Object> items) { }

    /// A piece of memory that tensors show: `count` elements under the name `key` in the archive.
    record Storage(TorchType type, String key, long count) { }

    /// A tensor as a view of a storage.
    record Strided(Storage storage, long offset, List<Object> sizes, List<Object> strides) { }

    /// What a pickle may name.
    sealed interface Global {
        /// Functions whose effect is known here.
        enum Call implements Global { ORDERED_DICT, TENSOR, PARAMETER }

        /// The class of a storage.
        record StorageClass(TorchType type) implements Global { }
    }

    private static final int MOST_PROTOCOL = 5;

    private final FileBytes file;
    private final Cursor in;
    private final ArrayList<Object> stack = new ArrayList<>();
    private final ArrayList<Integer> marks = new ArrayList<>();
    private final HashMap<Long, Object> memo = new HashMap<>();

    private Pickle(FileBytes file, Cursor in) {
        this.file = file;
        this.in = in;
    }

    /// The value that the pickle at `in` describes.
    ///
    /// @throws FormatException if it is damaged, or asks for anything that is no part of a tensor
    static Object read(FileBytes file, Cursor in) throws FormatException {
        return new Pickle(file, in).run();
    }

    private FormatException wrong(String what) {
        return file.wrong("the pickle, before byte " + in.at() + ": " + what);
    }

    private Object run() throws FormatException {
        while (true) {
            int op = in.u8("an instruction");
            if (op == '.') {
                return pop();
            }
            step(op);
        }
    }

    private void step(int op) throws FormatException {
        switch (op) {
            case 0x80 -> {
                int protocol = in.u8("the protocol");
                if (protocol > MOST_PROTOCOL) {
                    throw wrong("protocol " + protocol + ", at most " + MOST_PROTOCOL);
                }
            }
            case 0x95 -> in.count(in.i64("a frame"), 1, "bytes of a frame");
            case '(' -> marks.add(stack.size());
            case '0' -> pop();
            case '1' -> sinceMark();
            case '2' -> push(peek());
            case 'N' -> push(None.NONE);
            case 0x88 -> push(true);
            case 0x89 -> push(false);
            case 'J' -> push((long) in.i32("a number"));
            case 'K' -> push((long) in.u8("a number"));
            case 'M' -> push((long) in.u16("a number"));
            case 0x8a -> push(number(in.u8("a number")));
            case 0x8b -> push(number(in.u32("a number")));
            case 'G' -> push(Double.longBitsToDouble(Long.reverseBytes(in.i64("a number"))));
            case 'X' -> push(in.text(in.u32("a text"), "a text"));
            case 0x8c -> push(in.text(in.u8("a text"), "a text"));
            case 0x8d -> push(in.text(in.i64("a text"), "a text"));
            case ')' -> push(new Tuple(List.of()));
            case 0x85 -> push(new Tuple(last(1)));
            case 0x86 -> push(new Tuple(last(2)));
            case 0x87 -> push(new Tuple(last(3)));
            case 't' -> push(new Tuple(sinceMark()));
            case ']' -> push(new ArrayList<>(0));
            case '}' -> push(new LinkedHashMap<>());
            case 'a' -> append(last(1));
            case 'e' -> append(sinceMark());
            case 's' -> set(last(2));
            case 'u' -> set(sinceMark());
            case 'q' -> memo.put((long) in.u8("a memo"), peek());
            case 'r' -> memo.put(in.u32("a memo"), peek());
            case 0x94 -> memo.put((long) memo.size(), peek());
            case 'h' -> push(recall(in.u8("a memo")));
            case 'j' -> push(recall(in.u32("a memo")));
            case 'c' -> push(global(line(), line()));
            case 0x93 -> push(global(last(2)));
            case 'Q' -> push(storage(pop()));
            case 'R' -> push(call(last(2)));
            case 'b' -> build(last(2));
            default -> throw wrong("the instruction 0x" + Integer.toHexString(op)
                    + " is no part of a file of tensors");
        }
    }

    private void push(Object value) {
        stack.add(value);
    }

    private int bottom() {
        return marks.isEmpty() ? 0 : marks.getLast();
    }

    private Object peek() throws FormatException {
        if (stack.size() <= bottom()) {
            throw wrong("a value is taken from an empty stack");
        }
        return stack.getLast();
    }

    private Object pop() throws FormatException {
        peek();
        return stack.removeLast();
    }

    private List<Object> last(int n) throws FormatException {
        if (stack.size() - n < bottom()) {
            throw wrong("a value is taken from an empty stack");
        }
        return take(stack.size() - n);
    }

    private List<Object> sinceMark() throws FormatException {
        if (marks.isEmpty()) {
            throw wrong("there is no mark");
        }
        return take(marks.removeLast());
    }

    private List<Object> take(int from) {
        var top = stack.subList(from, stack.size());
        var taken = List.copyOf(top);
        top.clear();
        return taken;
    }

    /// A whole number of `n` bytes, two's complement.
    private long number(long n) throws FormatException {
        if (n > Long.BYTES) {
            throw wrong("a number of " + n + " bytes, at most " + Long.BYTES);
        }
        long value = 0;
        for (int i = 0; i < n; i++) {
            value |= (long) in.u8("a number") << 8 * i;
        }
        int unused = (int) (Long.SIZE - 8 * n);
        return n == 0 ? 0 : value << unused >> unused;
    }

    private String line() throws FormatException {
        long start = in.at();
        while (in.u8("a name") != '\n') {
            // goes on to the end of the line
        }
        long end = in.at();
        in.move(start);
        var line = in.text(end - start - 1, "a name");
        in.move(end);
        return line;
    }

    private Object recall(long index) throws FormatException {
        var value = memo.get(index);
        if (value == null) {
            throw wrong("there is no memo " + index);
        }
        return value;
    }

    @SuppressWarnings("unchecked")
    private void append(List<Object> items) throws FormatException {
        if (!(peek() instanceof ArrayList<?> list)) {
            throw wrong("something is appended to what is no list");
        }
        ((ArrayList<Object>) list).addAll(items);
    }

    @SuppressWarnings("unchecked")
    private void set(List<Object> items) throws FormatException {
        if (!(peek() instanceof Map<?, ?> map) || items.size() % 2 != 0) {
            throw wrong("something is put into what is no dictionary");
        }
        for (int i = 0; i < items.size(); i += 2) {
            switch (items.get(i)) {
                case String key -> ((Map<Object, Object>) map).put(key, items.get(i + 1));
                case Long key -> ((Map<Object, Object>) map).put(key, items.get(i + 1));
                default -> throw wrong("a key that is no text or whole number");
            }
        }
    }

    private Global global(List<Object> names) throws FormatException {
        if (names.getFirst() instanceof String module && names.getLast() instanceof String name) {
            return global(module, name);
        }
        throw wrong("a global whose name is no text");
    }

    private Global global(String module, String name) throws FormatException {
        var full = module + "." + name;
        switch (full) {
            case "collections.OrderedDict" -> {
                return Global.Call.ORDERED_DICT;
            }
            case "torch._utils._rebuild_tensor_v2" -> {
                return Global.Call.TENSOR;
            }
            case "torch._utils._rebuild_parameter" -> {
                return Global.Call.PARAMETER;
            }
            default -> {
                var type = module.equals("torch") ? TorchType.of(name) : null;
                if (type == null) {
                    throw wrong("it asks for " + SafetensorsHeader.quoted(full) + ", which is not allowed: tensors, "
                            + "dictionaries, lists, texts and numbers are read, nothing is run\nhint: save the "
                            + "model's state_dict(), best with safetensors.torch.save_file");
                }
                return new Global.StorageClass(type);
            }
        }
    }

    private Storage storage(Object id) throws FormatException {
        if (id instanceof Tuple(var items) && items.size() == 5 && items.get(0).equals("storage")
                && items.get(1) instanceof Global.StorageClass(var type) && items.get(2) instanceof String key
                && items.get(4) instanceof Long count && count >= 0) {
            return new Storage(type, key, count);
        }
        throw wrong("a persistent id that is no storage");
    }

    private Object call(List<Object> callAndArguments) throws FormatException {
        if (!(callAndArguments.getFirst() instanceof Global.Call call
                && callAndArguments.getLast() instanceof Tuple(var arguments))) {
            throw wrong("a call of what is no function");
        }
        return switch (call) {
            case ORDERED_DICT -> {
                if (!arguments.isEmpty()) {
                    throw wrong("an OrderedDict with arguments");
                }
                yield new LinkedHashMap<>();
            }
            case TENSOR -> tensor(arguments);
            case PARAMETER -> {
                if (arguments.size() != 3 || !(arguments.getFirst() instanceof Strided tensor)) {
                    throw wrong("a parameter that is no tensor");
                }
                yield tensor;
            }
        };
    }

    private Strided tensor(List<Object> arguments) throws FormatException {
        if (arguments.size() >= 6 && arguments.size() <= 7 && arguments.get(0) instanceof Storage storage
                && arguments.get(1) instanceof Long offset && arguments.get(2) instanceof Tuple(var sizes)
                && arguments.get(3) instanceof Tuple(var strides)) {
            return new Strided(storage, offset, sizes, strides);
        }
        throw wrong("a tensor whose arguments are not those of _rebuild_tensor_v2");
    }

    /// Attributes, as `_metadata` of a state_dict: versions of modules, which nothing here needs.
    private void build(List<Object> valueAndState) throws FormatException {
        if (!(valueAndState.getFirst() instanceof Map<?, ?>) || !(valueAndState.getLast() instanceof Map<?, ?>)) {
            throw wrong("attributes of what is no dictionary");
        }
        push(valueAndState.getFirst());
    }
}
