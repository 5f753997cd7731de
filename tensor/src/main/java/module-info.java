/// Off-heap tensors, the closed family of operations and the CPU engine.
module org.sfumato.tensor {
    requires jdk.incubator.vector;
    requires tools.jackson.databind;

    exports org.sfumato.tensor;
    exports org.sfumato.tensor.expr;
    exports org.sfumato.tensor.io;
    exports org.sfumato.tensor.op;
    exports org.sfumato.tensor.quantised;
    exports org.sfumato.tensor.spi;

    uses org.sfumato.tensor.spi.Backend;
    uses org.sfumato.tensor.spi.Platform;

    provides org.sfumato.tensor.spi.Backend with
            org.sfumato.tensor.cpu.CpuBackend, org.sfumato.tensor.reference.ReferenceBackend;
}
