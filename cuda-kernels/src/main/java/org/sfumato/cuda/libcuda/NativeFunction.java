package org.sfumato.cuda.libcuda;

import java.lang.invoke.MethodHandle;

/// A C function that returns an `int`, bound when it is first called. Whoever passes an address sees to it that the
/// memory stays reachable.
final class NativeFunction {
    private final NativeLibrary library;
    private final String name;
    private final String shape;
    private MethodHandle handle;

    NativeFunction(NativeLibrary library, String name, String shape) {
        this.library = library;
        this.name = name;
        this.shape = shape;
    }

    private MethodHandle handle() {
        if (handle == null) {
            handle = library.bind(name, shape);
        }
        return handle;
    }

    private static RuntimeException failed(Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            default -> new IllegalStateException(cause);
        };
    }

    int call(int a) {
        try {
            return (int) handle().invokeExact(a);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a) {
        try {
            return (int) handle().invokeExact(a);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(int a, long b) {
        try {
            return (int) handle().invokeExact(a, b);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, int b) {
        try {
            return (int) handle().invokeExact(a, b);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, long b) {
        try {
            return (int) handle().invokeExact(a, b);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, int b, int c) {
        try {
            return (int) handle().invokeExact(a, b, c);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, long b, int c) {
        try {
            return (int) handle().invokeExact(a, b, c);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, long b, long c) {
        try {
            return (int) handle().invokeExact(a, b, c);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, long b, long c, long d) {
        try {
            return (int) handle().invokeExact(a, b, c, d);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, byte b, long c, long d) {
        try {
            return (int) handle().invokeExact(a, b, c, d);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, int b, long c, long d) {
        try {
            return (int) handle().invokeExact(a, b, c, d);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, long b, int c, long d, long e) {
        try {
            return (int) handle().invokeExact(a, b, c, d, e);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    int call(long a, int b, long c, long d, long e) {
        try {
            return (int) handle().invokeExact(a, b, c, d, e);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /// `cublasLtMatmul`: sixteen pointers.
    int call(long[] a) {
        try {
            return (int) handle().invokeExact(a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7], a[8], a[9], a[10], a[11],
                    a[12], a[13], a[14], a[15]);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /// `cublasLtMatmulAlgoGetHeuristic`: seven pointers, a number and two pointers.
    int call(long[] a, int b, long c, long d) {
        try {
            return (int) handle().invokeExact(a[0], a[1], a[2], a[3], a[4], a[5], a[6], b, c, d);
        } catch (Throwable t) {
            throw failed(t);
        }
    }

    /// `cuLaunchKernel`.
    int call(long f, int gx, int gy, int gz, int bx, int by, int bz, int shared, long stream, long parameters,
            long extra) {
        try {
            return (int) handle().invokeExact(f, gx, gy, gz, bx, by, bz, shared, stream, parameters, extra);
        } catch (Throwable t) {
            throw failed(t);
        }
    }
}
