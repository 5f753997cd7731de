package org.sfumato.cuda.interpreter;

import java.util.List;
import java.util.Map;

/// A PTX text, parsed: variables and functions by name.
record PtxModule(Source source, Map<String, Item.Variable> variables, Map<String, Function> functions) {

    /// A kernel or a device function.
    ///
    /// @param parameters in order; for a kernel their offsets follow from sizes and alignments
    /// @param results what a device function gives back
    /// @param maxThreads of a block, by `.maxntid` or `.reqntid`; 0 if not given
    /// @param required true for `.reqntid`: a block must have exactly `maxThreads`
    record Function(int line, String name, boolean kernel, List<Item.Variable> parameters, List<Item.Variable> results,
                    List<Item> body, int maxThreads, boolean required) { }
}
