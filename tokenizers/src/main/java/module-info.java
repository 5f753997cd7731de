/// Tokenizers.
module org.sfumato.tokenizers {
    requires tools.jackson.databind;

    exports org.sfumato.tokenizers;
}
