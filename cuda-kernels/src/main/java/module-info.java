/// The CUDA backend.
///
/// JCuda has no module descriptor of its own and is needed by nobody who does not name its package.
@SuppressWarnings("requires-automatic")
module org.sfumato.cuda {
    requires transitive org.sfumato.tensor;
    requires static jcuda;

    exports org.sfumato.cuda;
    exports org.sfumato.cuda.jcuda;
    exports org.sfumato.cuda.libcuda;

    provides org.sfumato.tensor.spi.Platform with org.sfumato.cuda.libcuda.CudaPlatform;
}
