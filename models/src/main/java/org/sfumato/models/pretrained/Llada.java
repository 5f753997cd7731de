package org.sfumato.models.pretrained;

import java.util.List;
import java.util.Map;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.models.transformer.TransformerConfig.Biases;
import org.sfumato.models.transformer.TransformerConfig.Heads;
import org.sfumato.models.transformer.TransformerConfig.Normalization;
import org.sfumato.models.transformer.TransformerConfig.Norms;
import org.sfumato.models.transformer.TransformerConfig.Output;
import org.sfumato.models.transformer.TransformerConfig.Pattern;
import org.sfumato.models.transformer.TransformerConfig.Positions;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Activation;
import org.sfumato.tensor.io.FormatException;

/// LLaDA: LLaMA's block in which every position sees every other, under names of its own. Source: Nie et al. 2025,
/// arXiv 2502.09992.
record Llada() implements Family {
    @Override
    public List<String> modelTypes() {
        return List.of("llada");
    }

    @Override
    public TransformerConfig config(ConfigJson json) throws FormatException {
        requireText(json, "block_type", "llama");
        requireText(json, "layer_norm_type", "rms");
        requireText(json, "activation_type", "silu");
        json.require("rope", true, true);
        json.require("alibi", false, false);
        json.require("attention_layer_norm", false, false);
        json.require("input_emb_norm", false, false);
        json.require("scale_logits", false, false);
        int width = json.integer("d_model");
        int heads = json.integer("n_heads");
        boolean bias = json.truth("include_bias", false);
        return new TransformerConfig(json.integer("embedding_size", json.integer("vocab_size")),
                json.integer("max_sequence_length"), width, json.integer("n_layers"),
                new Heads(heads, json.integer("n_kv_heads", heads), Heads.of(width, heads, false).size(), false),
                Pattern.ALL, json.integer("mlp_hidden_size"), Activation.SWIGLU,
                Norms.pre(Normalization.RMS_NORM, json.number("rms_norm_eps", 1e-5), true),
                Positions.rotary(json.number("rope_theta", 10_000)),
                new Biases(bias || json.truth("include_qkv_bias", false), bias, bias, false, false),
                new Output(json.truth("weight_tying", false), false), Start.NORMAL, 0, 0);
    }

    private static void requireText(ConfigJson json, String name, String value) throws FormatException {
        if (!json.text(name, value).equals(value)) {
            throw json.unsupported(name, json.text(name, value));
        }
    }

    @Override
    public Map<String, Source> sources(TransformerConfig config) {
        var names = new Names().layer("token", "model.transformer.wte").layer("norm", "model.transformer.ln_f")
                .layer("head", "model.transformer.ff_out");
        for (int i = 0; i < config.layers(); i++) {
            var ours = "blocks." + i;
            var theirs = "model.transformer.blocks." + i;
            names.layer(ours + ".attentionNorm", theirs + ".attn_norm").layer(ours + ".mlpNorm", theirs + ".ff_norm")
                    .layer(ours + ".attention.qkv", theirs + ".q_proj", theirs + ".k_proj", theirs + ".v_proj")
                    .layer(ours + ".attention.output", theirs + ".attn_out")
                    .layer(ours + ".mlp.up", theirs + ".ff_proj", theirs + ".up_proj")
                    .layer(ours + ".mlp.down", theirs + ".ff_out");
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
        return name.equals("model.transformer.ff_out.weight");
    }
}
