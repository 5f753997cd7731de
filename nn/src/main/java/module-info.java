/// Layers, initialisers, optimisers, schedules, checkpoints and logs of training.
module org.sfumato.nn {
    requires transitive org.sfumato.autograd;
    requires transitive tools.jackson.databind;

    exports org.sfumato.nn;
    exports org.sfumato.nn.checkpoint;
    exports org.sfumato.nn.log;
    exports org.sfumato.nn.lora;
    exports org.sfumato.nn.optim;

    opens org.sfumato.nn.checkpoint to tools.jackson.databind;
}
