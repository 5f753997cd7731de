package org.sfumato.cuda.interpreter;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import org.sfumato.cuda.Driver;

/// A module on an interpreted device, and arrays for its kernels.
final class Rig {
    final InterpretedDriver driver = InterpretedDriver.of(8, 0);
    private final long module;

    Rig(String ptx) {
        module = driver.load("rig", ptx);
    }

    /// A rig for one kernel `k` with parameters `p0`, `p1`, ... of 8 bytes, and its body.
    static Rig of(int parameters, String body) {
        var text = new StringBuilder(".version 7.0\n.target sm_80\n.address_size 64\n.visible .entry k(");
        for (int j = 0; j < parameters; j++) {
            text.append(j == 0 ? "" : ", ").append(".param .u64 p").append(j);
        }
        return new Rig(text.append(")\n{\n").append(body).append("\n}\n").toString());
    }

    /// The text of `samples.ptx`, which nvcc wrote from `samples.cu`.
    static String samples() {
        try (var in = Rig.class.getResourceAsStream("samples.ptx")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    long floats(float... values) {
        return upload(MemorySegment.ofArray(values));
    }

    long doubles(double... values) {
        return upload(MemorySegment.ofArray(values));
    }

    long ints(int... values) {
        return upload(MemorySegment.ofArray(values));
    }

    long shorts(short... values) {
        return upload(MemorySegment.ofArray(values));
    }

    private long upload(MemorySegment values) {
        long address = driver.allocate(values.byteSize());
        driver.upload(values, address);
        return address;
    }

    float[] floatsAt(long address, int n) {
        var values = new float[n];
        driver.download(address, MemorySegment.ofArray(values));
        return values;
    }

    double[] doublesAt(long address, int n) {
        var values = new double[n];
        driver.download(address, MemorySegment.ofArray(values));
        return values;
    }

    int[] intsAt(long address, int n) {
        var values = new int[n];
        driver.download(address, MemorySegment.ofArray(values));
        return values;
    }

    short[] shortsAt(long address, int n) {
        var values = new short[n];
        driver.download(address, MemorySegment.ofArray(values));
        return values;
    }

    /// Arguments are longs, ints and floats, each aligned to its size.
    void launch(String kernel, Driver.Grid grid, Object... arguments) {
        try (var arena = Arena.ofConfined()) {
            var packed = arena.allocate(8 * Math.max(arguments.length, 1), 8);
            long at = 0;
            for (var argument : arguments) {
                int bytes = argument instanceof Long ? 8 : 4;
                at = (at + bytes - 1) / bytes * bytes;
                switch (argument) {
                    case Long v -> packed.set(ValueLayout.JAVA_LONG, at, v);
                    case Integer v -> packed.set(ValueLayout.JAVA_INT, at, v);
                    case Float v -> packed.set(ValueLayout.JAVA_FLOAT, at, v);
                    default -> throw new IllegalArgumentException("argument " + argument);
                }
                at += bytes;
            }
            driver.launch(driver.function(module, kernel), grid, packed.asSlice(0, at));
        }
    }
}
