package org.sfumato.cuda.interpreter;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.sfumato.cuda.Driver;

/// Runs one instruction, or a few, on arrays of values: thread i loads element i of each source into `%a`, `%b`, `%c`
/// and stores `%d` as element i of the result. Elements are bits in the low end of longs.
record Probe(String instructions, Type result, Type... sources) {
    private static final int THREADS = 128;
    private static final String NAMES = "abc";

    /// The results for lists of equal length.
    long[] run(long[]... values) {
        int n = values.length == 0 ? Registers.LANES : values[0].length;
        var driver = InterpretedDriver.of(8, 0);
        long module = driver.load("probe", text());
        try (var arena = Arena.ofConfined()) {
            var arguments = arena.allocate(8 * (values.length + 1) + 4, 8);
            long out = driver.allocate((long) n * result.bytes());
            arguments.set(ValueLayout.JAVA_LONG, 0, out);
            for (int j = 0; j < values.length; j++) {
                arguments.set(ValueLayout.JAVA_LONG, 8 * (j + 1), upload(driver, values[j], sources[j].bytes()));
            }
            arguments.set(ValueLayout.JAVA_INT, 8 * (values.length + 1), n);
            var grid = Driver.Grid.of((n + THREADS - 1) / THREADS, THREADS);
            driver.launch(driver.function(module, "probe"), grid, arguments);
            var bytes = MemorySegment.ofArray(new byte[n * result.bytes()]);
            driver.download(out, bytes);
            var results = new long[n];
            for (int i = 0; i < n; i++) {
                results[i] = element(bytes, i, result.bytes());
            }
            return results;
        }
    }

    private static long upload(Driver driver, long[] values, int each) {
        var bytes = MemorySegment.ofArray(new byte[values.length * each]);
        for (int i = 0; i < values.length; i++) {
            for (int b = 0; b < each; b++) {
                bytes.set(ValueLayout.JAVA_BYTE, (long) i * each + b, (byte) (values[i] >>> 8 * b));
            }
        }
        long address = driver.allocate(bytes.byteSize());
        driver.upload(bytes, address);
        return address;
    }

    private static long element(MemorySegment bytes, int i, int each) {
        long value = 0;
        for (int b = 0; b < each; b++) {
            value |= (bytes.get(ValueLayout.JAVA_BYTE, (long) i * each + b) & 0xFFL) << 8 * b;
        }
        return value;
    }

    private String text() {
        var text = new StringBuilder(".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry probe(\n");
        for (int j = 0; j <= sources.length; j++) {
            text.append(".param .u64 p").append(j).append(",\n");
        }
        text.append(".param .u32 n)\n{\n.reg .b64 %at<3>;\n.reg .b32 %i<5>;\n.reg .pred %out, %p, %q;\n");
        declare(text, "d", result);
        text.append("""
                mov.u32 %i0, %ctaid.x;
                mov.u32 %i1, %ntid.x;
                mov.u32 %i2, %tid.x;
                mad.lo.s32 %i3, %i0, %i1, %i2;
                ld.param.u32 %i4, [n];
                setp.ge.u32 %out, %i3, %i4;
                @%out ret;
                """);
        for (int j = 0; j < sources.length; j++) {
            var name = NAMES.substring(j, j + 1);
            declare(text, name, sources[j]);
            address(text, j + 1, sources[j]);
            text.append("ld.global.b%d %%%s, [%%at1];\n".formatted(sources[j].bytes() * 8, name));
        }
        text.append("{\n").append(instructions).append("\n}\n");
        address(text, 0, result);
        return text.append("st.global.b%d [%%at1], %%d;\nret;\n}\n".formatted(result.bytes() * 8)).toString();
    }

    private static void declare(StringBuilder text, String name, Type type) {
        text.append(".reg .b%d %%%s;\n".formatted(Math.max(16, type.bits), name));
    }

    private static void address(StringBuilder text, int parameter, Type type) {
        text.append("ld.param.u64 %%at0, [p%d];\nmad.wide.u32 %%at1, %%i3, %d, %%at0;\n".formatted(parameter,
                type.bytes()));
    }
}
