/// The CUDA backend.
module org.sfumato.cuda {
    requires org.sfumato.tensor;
}
