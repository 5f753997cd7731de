package org.sfumato.models.gist;

import org.sfumato.models.transformer.CausalNetwork;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.models.transformer.Transformer.Cache;
import org.sfumato.models.transformer.Transformer.Input;
import org.sfumato.models.transformer.TransformerConfig;
import org.sfumato.tensor.Tensor;

/// Writes what latents stand for: the network has read them, and the first token follows on the last of them. A prompt
/// has one place, which is always padding: in it stands the last latent.
record GistWriter(Transformer network, Tensor latents) implements CausalNetwork {
    private long before() {
        return latents.size(1) - 1;
    }

    @Override
    public TransformerConfig config() {
        return network.config();
    }

    @Override
    public int length() {
        return Math.toIntExact(network.length() - before());
    }

    @Override
    public int promptLength() {
        return 1;
    }

    @Override
    public Cache cache(long rows, int capacity) {
        if (rows != latents.size(0)) {
            throw new IllegalArgumentException("gist writer: " + rows + " texts for the latents of "
                    + latents.size(0));
        }
        var cache = network.cache(rows, Math.toIntExact(capacity + before()));
        if (before() > 0) {
            network.hidden(Input.ofEmbeddings(latents.slice(1, 0, before()), null, null), cache);
        }
        return cache;
    }

    /// @throws IllegalArgumentException if a prompt is not empty: texts begin with their latents alone
    @Override
    public Tensor lastLogits(Input input, Cache cache) {
        if (cache.length() > before()) {
            return network.lastLogits(Input.of(input.ids()), cache);
        }
        if (input.ids().size(1) != 1 || input.attentionMask() == null || input.attentionMask().any().item() != 0) {
            throw new IllegalArgumentException("gist writer: texts begin with their latents, there is no prompt");
        }
        return network.lastLogits(Input.ofEmbeddings(latents.slice(1, before(), before() + 1), null, null), cache);
    }
}
