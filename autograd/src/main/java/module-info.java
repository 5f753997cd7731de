/// Reverse-mode gradients.
module org.sfumato.autograd {
    requires transitive org.sfumato.tensor;

    exports org.sfumato.autograd;
}
