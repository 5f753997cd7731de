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
import org.sfumato.nn.RotaryScaling;
import org.sfumato.tensor.io.FormatException;

/// BERT with its masked language model. Source: Devlin et al. 2019, arXiv 1810.04805.
record Bert() implements Family {
    @Override
    public List<String> modelTypes() {
        return List.of("bert");
    }

    @Override
    public TransformerConfig config(ConfigJson json) throws FormatException {
        json.require("is_decoder", false, false);
        json.require("add_cross_attention", false, false);
        var positions = json.text("position_embedding_type", "absolute");
        if (!positions.equals("absolute")) {
            throw json.unsupported("position_embedding_type", positions);
        }
        int width = json.integer("hidden_size");
        return new TransformerConfig(json.integer("vocab_size"), json.integer("max_position_embeddings"), width,
                json.integer("num_hidden_layers"), Heads.of(width, json.integer("num_attention_heads"), false),
                Pattern.ALL, json.integer("intermediate_size"), json.activation("hidden_act", "gelu"),
                new Norms(Normalization.LAYER_NORM, json.number("layer_norm_eps", 1e-12), Placement.POST, true, true,
                        true, false),
                new Positions(Encoding.LEARNED, 0, 0, json.integer("type_vocab_size", 2), RotaryScaling.NONE),
                new Biases(true, true, true, true, true), new Output(json.truth("tie_word_embeddings", true), true),
                Start.NORMAL, json.number("hidden_dropout_prob", .1), 0);
    }

    @Override
    public Map<String, Source> sources(TransformerConfig config) {
        var names = new Names().layer("token", "bert.embeddings.word_embeddings")
                .put("position", "bert.embeddings.position_embeddings.weight")
                .put("type", "bert.embeddings.token_type_embeddings.weight")
                .layer("embeddingNorm", "bert.embeddings.LayerNorm")
                .layer("transform", "cls.predictions.transform.dense")
                .layer("transformNorm", "cls.predictions.transform.LayerNorm")
                .layer("head", "cls.predictions.decoder").put("head.bias", "cls.predictions.bias");
        for (int i = 0; i < config.layers(); i++) {
            var ours = "blocks." + i;
            var theirs = "bert.encoder.layer." + i;
            var self = theirs + ".attention.self";
            names.layer(ours + ".attention.qkv", self + ".query", self + ".key", self + ".value")
                    .layer(ours + ".attention.output", theirs + ".attention.output.dense")
                    .layer(ours + ".attentionNorm", theirs + ".attention.output.LayerNorm")
                    .layer(ours + ".mlp.up", theirs + ".intermediate.dense")
                    .layer(ours + ".mlp.down", theirs + ".output.dense")
                    .layer(ours + ".mlpNorm", theirs + ".output.LayerNorm");
        }
        return names.table();
    }

    @Override
    public String prefix() {
        return "bert.";
    }

    /// The tied head, its bias under a second name, and the parts for the sentence pair task.
    @Override
    public boolean isKnownUnused(String name) {
        return name.startsWith("cls.predictions.decoder.") || name.startsWith("cls.seq_relationship.")
                || name.startsWith("bert.pooler.") || name.endsWith("embeddings.position_ids");
    }
}
