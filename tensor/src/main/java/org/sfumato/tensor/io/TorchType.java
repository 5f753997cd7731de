package org.sfumato.tensor.io;

import java.util.Arrays;

/// The types of elements of PyTorch's storages that are read.
enum TorchType {
    FLOAT32("FloatStorage", Encoding.F32),
    FLOAT64("DoubleStorage", Encoding.F64),
    FLOAT16("HalfStorage", Encoding.F16),
    BFLOAT16("BFloat16Storage", Encoding.BF16),
    INT64("LongStorage", Encoding.I64),
    INT32("IntStorage", Encoding.I32),
    INT16("ShortStorage", Encoding.I16),
    INT8("CharStorage", Encoding.I8),
    UINT8("ByteStorage", Encoding.U8),
    BOOL("BoolStorage", Encoding.BOOL);

    private final String storage;
    private final Encoding encoding;

    TorchType(String storage, Encoding encoding) {
        this.storage = storage;
        this.encoding = encoding;
    }

    Encoding encoding() {
        return encoding;
    }

    /// PyTorch's name of the type, as `float32`.
    String label() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }

    /// The type of the class `storage` of the module `torch`; `null` if that is none of these.
    static TorchType of(String storage) {
        return Arrays.stream(values()).filter(type -> type.storage.equals(storage)).findFirst().orElse(null);
    }
}
