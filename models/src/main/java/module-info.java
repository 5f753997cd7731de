/// Text diffusion models.
module org.sfumato.models {
    requires transitive org.sfumato.nn;
    requires transitive org.sfumato.tokenizers;
    requires transitive tools.jackson.databind;

    exports org.sfumato.models;
    exports org.sfumato.models.autoregressive;
    exports org.sfumato.models.data;
    exports org.sfumato.models.masked;
    exports org.sfumato.models.pretrained;
    exports org.sfumato.models.transformer;
}
