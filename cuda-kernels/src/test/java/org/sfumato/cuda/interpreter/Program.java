package org.sfumato.cuda.interpreter;

import java.util.List;
import org.sfumato.cuda.interpreter.Registers.Place;

/// A kernel, decoded.
///
/// @param dynamic places of the address where the launch's own shared memory begins
/// @param sharedBytes of static shared memory with the red zones between its variables
/// @param redZones where no variable lies, as pairs of first byte and end
/// @param localBytes of each thread
record Program(Source source, PtxModule.Function function, Instruction[] code, Registers registers,
               List<Parameter> parameters, List<Place> dynamic, int sharedBytes, List<int[]> redZones, int localBytes) {

    /// A parameter in the kernel's parameter space.
    record Parameter(String name, int offset, int bytes) { }

    int parameterBytes() {
        return parameters.isEmpty() ? 0 : parameters.getLast().offset() + parameters.getLast().bytes();
    }

    /// Where the launch's own shared memory begins.
    int dynamicAt() {
        return (sharedBytes + 127) / 128 * 128;
    }
}
