package org.sfumato.testing;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.op.Op;

/// An operation with inputs that it accepts, and how near a device must come to the reference.
///
/// @param op the operation
/// @param inputs its inputs
/// @param types the types that inputs of varying type take
/// @param absolute the size against which errors count besides the result's own size: 0 where every result is of full
///     relative accuracy,
///     the size of the summands where they may cancel; negative if results are exact
public record Sample(Op op, List<Input> inputs, List<DType> types, double absolute) {
    /// The floating types.
    public static final List<DType> FLOATING = List.of(DType.F32, DType.F64, DType.BF16, DType.F16);
    /// Those in which arithmetic is done.
    public static final List<DType> WIDE = List.of(DType.F32, DType.F64);
    /// Those that are for storage.
    public static final List<DType> HALF = List.of(DType.BF16, DType.F16);
    /// All types.
    public static final List<DType> ALL = List.of(DType.values());
    /// One type, for samples in which no type varies.
    public static final List<DType> FIXED = List.of(DType.F32);

    /// A sample in floating types whose results must be right relative to `absolute` plus their own size.
    public static Sample near(double absolute, Op op, Input... inputs) {
        return new Sample(op, List.of(inputs), FLOATING, absolute);
    }

    /// A sample in all types whose results are exact.
    public static Sample exact(Op op, Input... inputs) {
        return new Sample(op, List.of(inputs), ALL, -1);
    }

    /// This sample in other types.
    public Sample in(List<DType> others) {
        return new Sample(op, inputs, others, absolute);
    }

    /// This sample in wide types, and in half types with f32 as the type of the inputs numbered `wide`.
    public List<Sample> withWide(int... wide) {
        var half = new ArrayList<>(inputs);
        for (int k : wide) {
            half.set(k, half.get(k).as(DType.F32));
        }
        return List.of(in(WIDE), with(half).in(HALF));
    }

    /// This sample with other inputs.
    public Sample with(List<Input> others) {
        return new Sample(op, others, types, absolute);
    }

    /// This sample with all inputs in memory of `form`.
    public Sample as(Input.Form form) {
        return with(inputs.stream().map(input -> input.as(form)).toList());
    }

    /// This sample, and it again with its inputs in every other form, all alike and each alone.
    public List<Sample> forms() {
        var result = new ArrayList<Sample>();
        result.add(this);
        for (var form : Input.Form.values()) {
            if (form != Input.Form.DENSE) {
                result.add(as(form));
            }
        }
        for (int k = 0; inputs.size() > 1 && k < inputs.size(); k++) {
            var mixed = new ArrayList<>(inputs);
            mixed.set(k, mixed.get(k).as(Input.Form.values()[1 + k % 4]));
            result.add(with(mixed));
        }
        return result;
    }

    @Override
    public String toString() {
        return op.name() + inputs + (op.toString().length() < 120 ? " of " + op : "");
    }
}
