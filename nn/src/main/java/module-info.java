/// Layers, initialisers, optimisers, schedules and checkpoints.
module org.sfumato.nn {
    requires transitive org.sfumato.autograd;
    requires tools.jackson.databind;

    exports org.sfumato.nn;
    exports org.sfumato.nn.optim;
}
