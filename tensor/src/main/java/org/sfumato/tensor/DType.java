package org.sfumato.tensor;

/// The type of a tensor's elements.
///
/// Arithmetic happens in [#F32], [#F64] and, for whole numbers, [#I64]; [#BF16] and [#F16] are storage: they are read
/// into f32 and written back rounded to nearest, ties to even.
///
/// Promotion of two operands is PyTorch's: the higher category wins (bool < integer < floating); within a category the
/// wider type wins; bf16 with f16 gives f32.
public enum DType {
    /// IEEE 754 binary32.
    F32(4, Category.FLOATING, "f32"),
    /// IEEE 754 binary64.
    F64(8, Category.FLOATING, "f64"),
    /// bfloat16: the upper half of a binary32.
    BF16(2, Category.FLOATING, "bf16"),
    /// IEEE 754 binary16.
    F16(2, Category.FLOATING, "f16"),
    /// 64-bit two's complement; the type of token ids and indices.
    I64(8, Category.INTEGER, "i64"),
    /// 32-bit two's complement.
    I32(4, Category.INTEGER, "i32"),
    /// One byte, 0 or 1.
    BOOL(1, Category.BOOLEAN, "bool");

    /// What promotion looks at first, in rising order.
    public enum Category { BOOLEAN, INTEGER, FLOATING }

    private final int bytes;
    private final Category category;
    private final String label;

    DType(int bytes, Category category, String label) {
        this.bytes = bytes;
        this.category = category;
        this.label = label;
    }

    /// Bytes per element.
    public int bytes() {
        return bytes;
    }

    /// The category of this type.
    public Category category() {
        return category;
    }

    /// True for f32, f64, bf16 and f16.
    public boolean isFloating() {
        return category == Category.FLOATING;
    }

    /// The type in which arithmetic on this type is done: f64 for f64, f32 for other floating types, i64 for the rest.
    public DType compute() {
        return switch (this) {
            case F64 -> F64;
            case F32, BF16, F16 -> F32;
            case I64, I32, BOOL -> I64;
        };
    }

    /// The type of the result when `this` meets `other`.
    public DType promote(DType other) {
        if (this == other) {
            return this;
        }
        if (category != other.category) {
            return category.compareTo(other.category) > 0 ? this : other;
        }
        if (bytes != other.bytes) {
            return bytes > other.bytes ? this : other;
        }
        return F32;
    }

    /// The type named `label`, as `f32`.
    ///
    /// @throws IllegalArgumentException if there is none
    public static DType of(String label) {
        for (var type : values()) {
            if (type.label.equals(label)) {
                return type;
            }
        }
        throw new IllegalArgumentException("dtype: unknown name '" + label
                + "'\nhint: f32, f64, bf16, f16, i64, i32, bool");
    }

    @Override
    public String toString() {
        return label;
    }
}
