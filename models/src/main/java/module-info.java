/// Text diffusion models.
@SuppressWarnings("requires-automatic")                 // Hardwood has a module name and no descriptor yet
module org.sfumato.models {
    requires transitive org.sfumato.nn;
    requires transitive org.sfumato.tokenizers;
    requires transitive tools.jackson.databind;
    requires com.github.luben.zstd_jni;
    requires de.siegmar.fastcsv;
    requires dev.hardwood.core;
    requires it.unimi.dsi.fastutil.core;
    requires java.net.http;

    exports org.sfumato.models;
    exports org.sfumato.models.autoregressive;
    exports org.sfumato.models.block;
    exports org.sfumato.models.constraint;
    exports org.sfumato.models.data;
    exports org.sfumato.models.diffusion;
    exports org.sfumato.models.duo;
    exports org.sfumato.models.evaluation;
    exports org.sfumato.models.finetuning;
    exports org.sfumato.models.gaussian;
    exports org.sfumato.models.gist;
    exports org.sfumato.models.hub;
    exports org.sfumato.models.latent;
    exports org.sfumato.models.ldlm;
    exports org.sfumato.models.masked;
    exports org.sfumato.models.mixture;
    exports org.sfumato.models.pretrained;
    exports org.sfumato.models.reverse;
    exports org.sfumato.models.trace;
    exports org.sfumato.models.training;
    exports org.sfumato.models.transformer;
    exports org.sfumato.models.uniform;
    exports org.sfumato.models.vae;
}
