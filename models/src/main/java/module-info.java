/// Text diffusion models.
module org.sfumato.models {
    requires transitive org.sfumato.nn;
    requires transitive org.sfumato.tokenizers;

    exports org.sfumato.models;
    exports org.sfumato.models.data;
    exports org.sfumato.models.masked;
    exports org.sfumato.models.transformer;
}
