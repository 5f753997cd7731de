package org.sfumato.models.pretrained;

import java.util.List;
import java.util.Map;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Biases;
import org.sfumato.models.transformer.TransformerConfig.Encoding;
import org.sfumato.models.transformer.TransformerConfig.Heads;
import org.sfumato.models.transformer.TransformerConfig.Normalization;
import org.sfumato.models.transformer.TransformerConfig.Norms;
import org.sfumato.models.transformer.TransformerConfig.Output;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Placement;
import org.sfumato.models.transformer.TransformerConfig.Positions;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Activation;
import org.sfumato.nn.RotaryScaling;
import org.sfumato.tensor.io.FormatException;

/// ModernBERT: local and global layers with rotary positions of two bases. Source: Warner et al. 2024, arXiv
/// 2412.13663.
record ModernBert() implements Family {
    @Override
    public List<String> modelTypes() {
        return List.of("modernbert");
    }

    @Override
    public TransformerConfig config(ConfigJson json) throws FormatException {
        if (json.activation("hidden_activation", "gelu") != Activation.GELU) {
            throw json.unsupported("hidden_activation", json.text("hidden_activation", ""));
        }
        if (!json.text("classifier_activation", "gelu").equals("gelu")) {
            throw json.unsupported("classifier_activation", json.text("classifier_activation", ""));
        }
        int width = json.integer("hidden_size");
        boolean attention = json.truth("attention_bias", false);
        return new TransformerConfig(json.integer("vocab_size"), json.integer("max_position_embeddings"), width,
                json.integer("num_hidden_layers"), Heads.of(width, json.integer("num_attention_heads"), false),
                new Pattern(false, json.integer("local_attention", 128), every(json), 0),
                json.integer("intermediate_size"), Activation.GEGLU,
                new Norms(Normalization.LAYER_NORM, json.number("norm_eps", 1e-5), Placement.PRE,
                        json.truth("norm_bias", false), true, false, true),
                new Positions(Encoding.ROTARY, base(json, "full_attention", "global_rope_theta", 160_000),
                        base(json, "sliding_attention", "local_rope_theta", 10_000), 0, RotaryScaling.NONE),
                new Biases(attention, attention, json.truth("mlp_bias", false), json.truth("classifier_bias", false),
                        json.truth("decoder_bias", true)),
                new Output(json.truth("tie_word_embeddings", true), true), Start.NORMAL,
                json.number("mlp_dropout", 0), 0);
    }

    private static int every(ConfigJson json) throws FormatException {
        int every = json.integer("global_attn_every_n_layers", 3);
        if (every < 1) {
            throw json.unsupported("global_attn_every_n_layers", String.valueOf(every));
        }
        return every;
    }

    /// The base of the angles, in the newer form of the file or the older one.
    private static double base(ConfigJson json, String kind, String older, double otherwise) throws FormatException {
        if (!json.has("rope_parameters")) {
            return json.number(older, otherwise);
        }
        var part = json.part("rope_parameters").part(kind);
        var type = part.text("rope_type", "default");
        if (!type.equals("default")) {
            throw json.unsupported("rope_type", type);
        }
        return part.number("rope_theta", otherwise);
    }

    @Override
    public Map<String, Source> sources(TransformerConfig config) {
        var names = new Names().layer("token", "model.embeddings.tok_embeddings")
                .layer("embeddingNorm", "model.embeddings.norm").layer("norm", "model.final_norm")
                .layer("transform", "head.dense").layer("transformNorm", "head.norm").layer("head", "decoder");
        for (int i = 0; i < config.layers(); i++) {
            var ours = "blocks." + i;
            var theirs = "model.layers." + i;
            names.layer(ours + ".attentionNorm", theirs + ".attn_norm").layer(ours + ".mlpNorm", theirs + ".mlp_norm")
                    .layer(ours + ".attention.qkv", theirs + ".attn.Wqkv")
                    .layer(ours + ".attention.output", theirs + ".attn.Wo")
                    .layer(ours + ".mlp.up", theirs + ".mlp.Wi").layer(ours + ".mlp.down", theirs + ".mlp.Wo");
        }
        return names.table();
    }

    @Override
    public String prefix() {
        return "model.";
    }

    /// The tied head.
    @Override
    public boolean isKnownUnused(String name) {
        return name.equals("decoder.weight");
    }
}
