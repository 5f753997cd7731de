package org.sfumato.cli.train;

import org.sfumato.tensor.Precision;
import picocli.CommandLine.Option;

/// `--precision`: the types in which a training computes.
public final class PrecisionOption {
    @Option(names = "--precision", paramLabel = "TYPE",
            description = "f32; bf16 or fp16: matrix products in that type, parameters in f32, the loss scaled with "
                    + "fp16 (default: f32, distill: as it was trained).")
    Precision precision;

    /// What the user asked for, else `usual`.
    Precision or(Precision usual) {
        return precision == null ? usual : precision;
    }
}
