/// The CUDA backend.
module org.sfumato.cuda {
    requires transitive org.sfumato.tensor;

    exports org.sfumato.cuda;
    exports org.sfumato.cuda.libcuda;

    provides org.sfumato.tensor.spi.Platform with org.sfumato.cuda.libcuda.CudaPlatform;
}
