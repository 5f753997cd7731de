package org.sfumato.cuda.libcuda;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A shared library, found under one of several names. Its functions return an `int`; pointers and handles are `long`.
final class NativeLibrary {
    private final String path;
    private final SymbolLookup symbols;

    private NativeLibrary(String path, SymbolLookup symbols) {
        this.path = path;
        this.symbols = symbols;
    }

    /// The first of `names` that the system's loader finds, or else that lies in one of `folders`.
    ///
    /// @throws IllegalCallerException if this program may not call native functions
    @SuppressWarnings("restricted")
    static Optional<NativeLibrary> open(List<String> names, List<Path> folders) {
        var candidates = new ArrayList<>(names);
        for (var folder : folders) {
            names.stream().map(folder::resolve).filter(Files::exists).map(Path::toString).forEach(candidates::add);
        }
        for (var candidate : candidates) {
            try {
                return Optional.of(new NativeLibrary(candidate,
                        SymbolLookup.libraryLookup(candidate, Arena.global())));
            } catch (IllegalArgumentException _) {
                // not there: the next one
            }
        }
        return Optional.empty();
    }

    /// Where it was found.
    String path() {
        return path;
    }

    /// The function `name`, bound when it is first called.
    ///
    /// @param shape its parameters, one letter each: `I` int, `L` long, pointer or handle, `B` byte
    NativeFunction function(String name, String shape) {
        return new NativeFunction(this, name, shape);
    }

    @SuppressWarnings("restricted")
    MethodHandle bind(String name, String shape) {
        var parameters = shape.chars().mapToObj(letter -> switch (letter) {
            case 'I' -> ValueLayout.JAVA_INT;
            case 'L' -> ValueLayout.JAVA_LONG;
            case 'B' -> ValueLayout.JAVA_BYTE;
            default -> throw new IllegalArgumentException("native: no parameter of kind " + (char) letter);
        }).toArray(MemoryLayout[]::new);
        return Linker.nativeLinker().downcallHandle(symbol(name),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, parameters));
    }

    private MemorySegment symbol(String name) {
        return symbols.find(name).orElseThrow(() -> new UnsupportedOperationException(
                path + " has no function " + name + "\nhint: the driver or library is too old"));
    }
}
