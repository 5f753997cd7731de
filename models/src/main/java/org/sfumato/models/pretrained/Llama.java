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
import org.sfumato.models.transformer.TransformerConfig.Positions;
import org.sfumato.models.transformer.TransformerConfig.Start;
import org.sfumato.nn.Activation;
import org.sfumato.nn.RotaryScaling;
import org.sfumato.tensor.io.FormatException;

/// LLaMA and what shares its block and its names: OpenLLaMA, SmolLM2, Mistral, Qwen2 (biases at queries, keys and
/// values), Dream (Qwen2's network, seeing both ways). Sources: Touvron et al. 2023, arXiv 2302.13971; Jiang et al.
/// 2023, arXiv 2310.06825; Yang et al. 2024, arXiv 2407.10671; Ye et al. 2025, arXiv 2508.15487.
record Llama() implements Family {
    @Override
    public List<String> modelTypes() {
        return List.of("llama", "mistral", "qwen2", "Dream");
    }

    @Override
    public TransformerConfig config(ConfigJson json) throws FormatException {
        if (json.activation("hidden_act", "silu") != Activation.SILU) {
            throw json.unsupported("hidden_act", json.text("hidden_act", ""));
        }
        var type = json.text("model_type", "");
        boolean qwen = type.equals("qwen2") || type.equals("Dream");
        int width = json.integer("hidden_size");
        int heads = json.integer("num_attention_heads");
        int size = json.has("head_dim") ? json.integer("head_dim") : Heads.of(width, heads, false).size();
        boolean windows = qwen ? json.truth("use_sliding_window", false) : json.has("sliding_window");
        if (qwen && windows) {
            throw json.unsupported("use_sliding_window", "true");
        }
        boolean attention = json.truth("attention_bias", false);
        boolean mlp = json.truth("mlp_bias", false);
        return new TransformerConfig(json.integer("vocab_size"), json.integer("max_position_embeddings", 2048), width,
                json.integer("num_hidden_layers"),
                new Heads(heads, json.integer("num_key_value_heads", heads), size, false),
                new Pattern(!type.equals("Dream"), windows ? json.integer("sliding_window") : 0, 0, 0),
                json.integer("intermediate_size"), Activation.SWIGLU,
                Norms.pre(Normalization.RMS_NORM, json.number("rms_norm_eps", 1e-6), true), positions(json),
                new Biases(qwen || attention, attention, mlp, false, false),
                new Output(json.truth("tie_word_embeddings", false), false), Start.NORMAL, 0, 0);
    }

    /// The base and the scaling of the angles, in the newer form of the file or the older one.
    private static Positions positions(ConfigJson json) throws FormatException {
        if (json.has("rope_parameters")) {
            var part = json.part("rope_parameters");
            return positions(part.number("rope_theta", 10_000), part, part.text("rope_type", "default"));
        }
        double base = json.number("rope_theta", 10_000);
        if (!json.has("rope_scaling")) {
            return Positions.rotary(base);
        }
        var part = json.part("rope_scaling");
        return positions(base, part, part.text("rope_type", part.text("type", "default")));
    }

    private static Positions positions(double base, ConfigJson part, String type) throws FormatException {
        var scaling = switch (type) {
            case "default" -> RotaryScaling.NONE;
            case "linear" -> RotaryScaling.linear(part.number("factor"));
            case "llama3" -> new RotaryScaling(RotaryScaling.Kind.LLAMA3, part.number("factor"),
                    part.number("low_freq_factor"), part.number("high_freq_factor"),
                    part.integer("original_max_position_embeddings"));
            default -> throw part.unsupported("rope_type", type);
        };
        return new Positions(Encoding.ROTARY, base, base, 0, scaling);
    }

    @Override
    public Map<String, Source> sources(TransformerConfig config) {
        var names = new Names().layer("token", "model.embed_tokens").layer("norm", "model.norm")
                .layer("head", "lm_head");
        for (int i = 0; i < config.layers(); i++) {
            var ours = "blocks." + i;
            var theirs = "model.layers." + i;
            var self = theirs + ".self_attn";
            names.layer(ours + ".attentionNorm", theirs + ".input_layernorm")
                    .layer(ours + ".mlpNorm", theirs + ".post_attention_layernorm")
                    .layer(ours + ".attention.qkv", self + ".q_proj", self + ".k_proj", self + ".v_proj")
                    .layer(ours + ".attention.output", self + ".o_proj")
                    .layer(ours + ".mlp.up", theirs + ".mlp.gate_proj", theirs + ".mlp.up_proj")
                    .layer(ours + ".mlp.down", theirs + ".mlp.down_proj");
        }
        return names.table();
    }

    @Override
    public String prefix() {
        return "model.";
    }

    /// The tied head, and the angles of old files.
    @Override
    public boolean isKnownUnused(String name) {
        return name.equals("lm_head.weight") || name.endsWith(".rotary_emb.inv_freq");
    }
}
