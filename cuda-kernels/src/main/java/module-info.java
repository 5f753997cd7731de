/// The CUDA backend.
module org.sfumato.cuda {
    requires transitive org.sfumato.tensor;

    exports org.sfumato.cuda;
}
