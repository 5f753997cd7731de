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
import org.sfumato.tensor.io.FormatException;

/// GPT-2. Source: Radford et al. 2019.
record Gpt2() implements Family {
    @Override
    public List<String> modelTypes() {
        return List.of("gpt2");
    }

    @Override
    public TransformerConfig config(ConfigJson json) throws FormatException {
        json.require("scale_attn_weights", true, true);
        json.require("scale_attn_by_inverse_layer_idx", false, false);
        json.require("add_cross_attention", false, false);
        int width = json.integer("n_embd");
        return new TransformerConfig(json.integer("vocab_size"), json.integer("n_positions", 1024), width,
                json.integer("n_layer"), Heads.of(width, json.integer("n_head"), false), Pattern.CAUSAL,
                json.integer("n_inner", 4 * width), json.activation("activation_function", "gelu_new"),
                Norms.pre(Normalization.LAYER_NORM, json.number("layer_norm_epsilon", 1e-5), true), Positions.LEARNED,
                Biases.BLOCKS, new Output(json.truth("tie_word_embeddings", true), false), Start.NORMAL,
                json.number("resid_pdrop", .1), 0);
    }

    @Override
    public Map<String, Source> sources(TransformerConfig config) {
        var names = new Names().layer("token", "transformer.wte").put("position", "transformer.wpe.weight")
                .layer("norm", "transformer.ln_f").layer("head", "lm_head");
        for (int i = 0; i < config.layers(); i++) {
            var ours = "blocks." + i;
            var theirs = "transformer.h." + i;
            names.layer(ours + ".attentionNorm", theirs + ".ln_1").layer(ours + ".mlpNorm", theirs + ".ln_2")
                    .turned(ours + ".attention.qkv", theirs + ".attn.c_attn")
                    .turned(ours + ".attention.output", theirs + ".attn.c_proj")
                    .turned(ours + ".mlp.up", theirs + ".mlp.c_fc").turned(ours + ".mlp.down", theirs + ".mlp.c_proj");
        }
        return names.table();
    }

    @Override
    public String prefix() {
        return "transformer.";
    }

    /// The tied head, and the masks of old files.
    @Override
    public boolean isKnownUnused(String name) {
        return name.equals("lm_head.weight") || name.endsWith(".attn.bias") || name.endsWith(".attn.masked_bias");
    }
}
