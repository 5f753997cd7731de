package org.sfumato.cuda.elementwise;

import java.util.ArrayList;
import java.util.List;
import org.sfumato.cuda.elementwise.Code.Kind;
import org.sfumato.tensor.DType;

/// Writes kernels that compute each element of their results from the elements at the same place of their inputs.
///
/// Parameters of a kernel: what its [Body] asks for; then for [Access.Dense] the count (u64) and the address of each
/// operand, inputs first; for [Access.Strided] the count, for each axis but the first its size, and the two numbers
/// that divide by it if not wide ([Divisor]), then for each operand its address and its strides in bytes.
public final class Elements {
    /// The name of the kernel in its module.
    public static final String NAME = "elements";

    private final Code code = new Code(NAME);
    private final List<DType> in;
    private final List<DType> out;

    private Elements(List<DType> in, List<DType> out) {
        this.in = in;
        this.out = out;
    }

    /// What is computed.
    @FunctionalInterface
    public interface Body {
        /// Called once, before all elements: asks for parameters.
        Element begin(Code code);
    }

    /// What is computed for one element.
    @FunctionalInterface
    public interface Element {
        /// The results at a place, as they go to memory, from the inputs as they lie there.
        String[] at(String[] in, Place place);
    }

    /// A place in row-major order: number `first + lane`.
    ///
    /// @param first a 64-bit register; where `quad`, a multiple of 4
    /// @param lane 0 to 3
    /// @param quad if a thread takes four elements
    public record Place(String first, int lane, boolean quad) {
        /// The number, in a 64-bit register.
        String number(Code code) {
            return lane == 0 ? first : code.op(Kind.B64, "add.s64", first, Integer.toString(lane));
        }
    }

    /// The text of the kernel.
    public static String module(List<DType> in, List<DType> out, Access access, Body body) {
        var elements = new Elements(in, out);
        var element = body.begin(elements.code);
        switch (access) {
            case Access.Dense dense -> elements.dense(dense, element);
            case Access.Strided strided -> elements.strided(strided, element);
        }
        return elements.code.module();
    }

    private void dense(Access.Dense access, Element element) {
        var count = code.parameter("u64");
        var addresses = new ArrayList<String>();
        for (int k = 0; k < in.size() + out.size(); k++) {
            addresses.add(code.parameter("u64"));
        }
        var first = code.op(Kind.B64, "shl.b64", thread(true), "2");
        var end = code.label();
        code.line("@" + code.op(Kind.PRED, "setp.ge.u64", first, count) + " bra " + end);
        var left = code.op(Kind.B64, "sub.s64", count, first);
        var part = code.op(Kind.PRED, "setp.lt.u64", left, Integer.toString(Access.QUAD));
        var places = new ArrayList<String>();
        for (int k = 0; k < addresses.size(); k++) {
            boolean scalar = k < in.size() && access.isScalar(k);
            places.add(scalar ? addresses.get(k) : code.op(Kind.B64, "mad.lo.u64", first,
                    Integer.toString(type(k).bytes()), addresses.get(k)));
        }
        var values = load(access, places, left, part);
        var results = new String[Access.QUAD][];
        for (int lane = 0; lane < Access.QUAD; lane++) {
            var arguments = new String[in.size()];
            for (int k = 0; k < arguments.length; k++) {
                arguments[k] = values[k][lane];
            }
            results[lane] = element.at(arguments, new Place(first, lane, true));
        }
        store(places, results, left, part);
        code.place(end);
        code.line("ret");
    }

    private DType type(int operand) {
        return operand < in.size() ? in.get(operand) : out.get(operand - in.size());
    }

    /// The inputs by operand and lane. The last thread, if fewer than four elements are left, reads the last one again
    /// instead of what lies behind it.
    private String[][] load(Access.Dense access, List<String> places, String left, String part) {
        var values = new String[in.size()][Access.QUAD];
        for (int k = 0; k < values.length; k++) {
            for (int lane = 0; lane < Access.QUAD; lane++) {
                boolean own = lane == 0 || !access.isScalar(k);
                values[k][lane] = own ? code.register(Conversion.kind(in.get(k))) : values[k][0];
            }
            if (access.isScalar(k)) {
                code.line("ld.global." + Conversion.memory(in.get(k)) + " " + values[k][0] + ", [" + places.get(k)
                        + "]");
            }
        }
        if (Long.bitCount(access.scalars()) == in.size()) {
            return values;
        }
        var tail = code.label();
        var loaded = code.label();
        code.line("@" + part + " bra " + tail);
        for (int k = 0; k < values.length; k++) {
            if (!access.isScalar(k)) {
                whole("ld", in.get(k), places.get(k), values[k]);
            }
        }
        code.line("bra " + loaded);
        code.place(tail);
        var last = code.register(Kind.B64);
        var lane = code.register(Kind.B64);
        var place = code.register(Kind.B64);
        code.line("sub.s64 " + last + ", " + left + ", 1");
        for (int i = 0; i < Access.QUAD; i++) {
            code.line("min.s64 " + lane + ", " + last + ", " + i);
            for (int k = 0; k < values.length; k++) {
                if (!access.isScalar(k)) {
                    code.line("mad.lo.s64 " + place + ", " + lane + ", " + in.get(k).bytes() + ", " + places.get(k));
                    code.line("ld.global." + Conversion.memory(in.get(k)) + " " + values[k][i] + ", [" + place + "]");
                }
            }
        }
        code.place(loaded);
        return values;
    }

    /// Four elements, in one access if they take at most 16 bytes and else in two.
    private void whole(String access, DType type, String place, String[] values) {
        int each = type.bytes() == Long.BYTES ? 2 : Access.QUAD;
        for (int i = 0; i < Access.QUAD; i += each) {
            var some = each == 2 ? Code.vector(values[i], values[i + 1]) : Code.vector(values);
            var at = "[" + place + (i == 0 ? "" : "+" + i * type.bytes()) + "]";
            var instruction = access + ".global.v" + each + "." + Conversion.memory(type) + " ";
            code.line(access.equals("ld") ? instruction + some + ", " + at : instruction + at + ", " + some);
        }
    }

    private void store(List<String> places, String[][] results, String left, String part) {
        var tail = code.label();
        var stored = code.label();
        var values = new String[out.size()][Access.QUAD];
        for (int j = 0; j < out.size(); j++) {
            for (int lane = 0; lane < Access.QUAD; lane++) {
                values[j][lane] = results[lane][j];
            }
        }
        code.line("@" + part + " bra " + tail);
        for (int j = 0; j < values.length; j++) {
            whole("st", out.get(j), places.get(in.size() + j), values[j]);
        }
        code.line("bra " + stored);
        code.place(tail);
        for (int lane = 0; lane < Access.QUAD - 1; lane++) {            // in a part, the last lane is empty
            var is = code.register(Kind.PRED);
            code.line("setp.gt.u64 " + is + ", " + left + ", " + lane);
            for (int j = 0; j < values.length; j++) {
                var type = out.get(j);
                code.line("@" + is + " st.global." + Conversion.memory(type) + " [" + places.get(in.size() + j)
                        + (lane == 0 ? "" : "+" + lane * type.bytes()) + "], " + values[j][lane]);
            }
        }
        code.place(stored);
    }

    private void strided(Access.Strided access, Element element) {
        var count = code.parameter(access.wide() ? "u64" : "u32");
        var walk = new Coordinates(code, access);
        var addresses = new ArrayList<String>();
        var strides = new ArrayList<String[]>();
        for (int k = 0; k < in.size() + out.size(); k++) {
            addresses.add(code.parameter("u64"));
            strides.add(walk.parameters(access.rank(), "s"));
        }
        var number = thread(access.wide());
        var end = code.label();
        code.line("@" + code.op(Kind.PRED, access.wide() ? "setp.ge.u64" : "setp.ge.u32", number, count) + " bra "
                + end);
        var coordinates = walk.of(number);
        var arguments = new String[in.size()];
        for (int k = 0; k < arguments.length; k++) {
            arguments[k] = code.register(Conversion.kind(in.get(k)));
            code.line("ld.global." + Conversion.memory(in.get(k)) + " " + arguments[k] + ", ["
                    + walk.address(addresses.get(k), coordinates, strides.get(k)) + "]");
        }
        var first = access.wide() ? number : code.op(Kind.B64, "cvt.u64.u32", number);
        var results = element.at(arguments, new Place(first, 0, false));
        for (int j = 0; j < results.length; j++) {
            int k = in.size() + j;
            code.line("st.global." + Conversion.memory(out.get(j)) + " ["
                    + walk.address(addresses.get(k), coordinates, strides.get(k)) + "], " + results[j]);
        }
        code.place(end);
        code.line("ret");
    }

    private String thread(boolean wide) {
        var block = code.op(Kind.B32, "mov.u32", "%ctaid.x");
        var size = code.op(Kind.B32, "mov.u32", "%ntid.x");
        var own = code.op(Kind.B32, "mov.u32", "%tid.x");
        return wide ? code.op(Kind.B64, "mad.wide.u32", block, size, code.op(Kind.B64, "cvt.u64.u32", own))
                : code.op(Kind.B32, "mad.lo.u32", block, size, own);
    }
}
