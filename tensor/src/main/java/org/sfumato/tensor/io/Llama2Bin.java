package org.sfumato.tensor.io;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.sfumato.tensor.Shape;

/// The `.bin` file of llama2.c, versions 0 and 1: sizes, then all weights of a LLaMA in float32, those of one kind for
/// all layers together.
///
/// Names, shapes and the order of rows are those of `LlamaForCausalLM` in transformers, so that a file reads as a
/// checkpoint of the hub; its configuration is among the metadata under the names of `config.json`. The rows of the
/// queries' and keys' projections are brought from llama2.c's order, where the two elements that a rotation mixes are
/// neighbours, to that of transformers, where they are half a head apart. Source: karpathy/llama2.c, `export.py`
/// (`legacy_export`, `version1_export`), `run.c`.
final class Llama2Bin {
    private static final int MAGIC = 0x616b3432;                            // "ak42"
    private static final int LEGACY_HEAD = 28;
    private static final int HEAD = 256;
    private static final int VOCABULARY = 5;

    /// The names in config.json of the seven numbers of the head, in its order.
    private static final List<String> NAMES = List.of("hidden_size", "intermediate_size", "num_hidden_layers",
            "num_attention_heads", "num_key_value_heads", "vocab_size", "max_position_embeddings");

    /// What the head says.
    ///
    /// @param legacy true for version 0
    /// @param shared true if the output has the weights of the embedding
    /// @param all the values of [#NAMES]
    private record Sizes(boolean legacy, boolean shared, List<Long> all) {
        long d() {
            return all.get(0);
        }

        long hidden() {
            return all.get(1);
        }

        long layers() {
            return all.get(2);
        }

        long heads() {
            return all.get(3);
        }

        long kvHeads() {
            return all.get(4);
        }

        long vocabulary() {
            return all.get(5);
        }

        long positions() {
            return all.get(6);
        }

        boolean fit() {
            return all.stream().allMatch(size -> size > 0) && d() % heads() == 0 && d() / heads() % 2 == 0
                    && heads() % kvHeads() == 0 && layers() <= 1 << 16;
        }

        long kv() {
            return d() / heads() * kvHeads();
        }

        /// Bytes of the whole file.
        long bytes() {
            try {
                long layer = Math.addExact(Math.multiplyExact(d(), 2 * d() + 2 * kv() + 2),
                        Math.multiplyExact(3 * d(), hidden()));
                long tables = Math.addExact(d(), Math.multiplyExact(shared ? 1 : 2,
                        Math.multiplyExact(vocabulary(), d())));
                long rotary = legacy ? Math.multiplyExact(positions(), d() / heads()) : 0;
                long all = Math.addExact(Math.addExact(Math.multiplyExact(layers(), layer), tables), rotary);
                return Math.addExact(Math.multiplyExact(4, all), legacy ? LEGACY_HEAD : HEAD);
            } catch (ArithmeticException e) {
                return Long.MAX_VALUE;                                      // no file is as long
            }
        }
    }

    private final Sizes sizes;
    private final SequencedMap<String, StoredTensor> tensors = new LinkedHashMap<>();
    private long at;

    private Llama2Bin(Sizes sizes) {
        this.sizes = sizes;
        this.at = sizes.legacy ? LEGACY_HEAD : HEAD;
    }

    /// True if a file that begins with `head` and has `size` bytes is one: it bears the magic number, or its sizes give
    /// just that length.
    static boolean recognises(ByteBuffer head, long size) {
        if (head.remaining() <= 8 + LEGACY_HEAD) {
            return false;
        }
        var sizes = sizes(head);
        return !sizes.legacy || sizes.fit() && sizes.bytes() == size;
    }

    private static Sizes sizes(ByteBuffer head) {
        boolean legacy = head.getInt(0) != MAGIC;
        head.position(legacy ? 0 : 8);
        var all = new ArrayList<Long>();
        for (int i = 0; i < NAMES.size(); i++) {
            all.add((long) head.getInt());
        }
        boolean shared = legacy ? all.get(VOCABULARY) > 0 : head.get() == 1;
        if (legacy) {
            all.set(VOCABULARY, Math.abs(all.get(VOCABULARY)));             // negative: the output has its own weights
        }
        return new Sizes(legacy, shared, all);
    }

    /// Opens the file at `path`.
    ///
    /// @throws FormatException if its sizes do not fit one another, or the file
    static TensorFile open(Path path) throws IOException {
        var file = FileBytes.open("llama2.c", path);
        try (var arena = Arena.ofConfined()) {
            if (file.size() < HEAD) {
                throw file.wrong("it has " + file.size() + " bytes, fewer than its head");
            }
            var memory = arena.allocate(HEAD);
            file.read(0, memory);
            var head = memory.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
            var sizes = sizes(head);
            if (!sizes.legacy && head.getInt(4) != 1) {
                throw file.wrong("version " + Integer.toUnsignedString(head.getInt(4))
                        + ", versions 0 and 1 (float32) are read\nhint: export.py --version 1");
            }
            if (!sizes.fit() || sizes.bytes() != file.size()) {
                throw file.wrong("its sizes do not make " + file.size() + " bytes: " + sizes);
            }
            var bin = new Llama2Bin(sizes);
            bin.list();
            return new ListedTensors(file, bin.tensors, bin.metadata());
        } catch (IOException | RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private void list() {
        if (sizes.legacy) {
            add("model.embed_tokens.weight", sizes.vocabulary(), sizes.d());
            layers("input_layernorm", sizes.d());
            attention();
            layers("post_attention_layernorm", sizes.d());
            feedForward();
            add("model.norm.weight", sizes.d());
            at += 4 * sizes.positions() * (sizes.d() / sizes.heads());            // tables of sines and cosines
        } else {
            layers("input_layernorm", sizes.d());
            layers("post_attention_layernorm", sizes.d());
            add("model.norm.weight", sizes.d());
            add("model.embed_tokens.weight", sizes.vocabulary(), sizes.d());
            attention();
            feedForward();
        }
        if (!sizes.shared) {
            add("lm_head.weight", sizes.vocabulary(), sizes.d());
        }
    }

    private void attention() {
        rotated("self_attn.q_proj", sizes.heads());
        rotated("self_attn.k_proj", sizes.kvHeads());
        layers("self_attn.v_proj", sizes.kv(), sizes.d());
        layers("self_attn.o_proj", sizes.d(), sizes.d());
    }

    private void feedForward() {
        layers("mlp.gate_proj", sizes.hidden(), sizes.d());
        layers("mlp.down_proj", sizes.d(), sizes.hidden());
        layers("mlp.up_proj", sizes.hidden(), sizes.d());
    }

    private void layers(String name, long... shape) {
        for (long layer = 0; layer < sizes.layers(); layer++) {
            add("model.layers." + layer + "." + name + ".weight", shape);
        }
    }

    private void add(String name, long... sizes) {
        var shape = Shape.of(sizes);
        tensors.put(name, StoredTensor.dense("float32", Optional.of(Encoding.F32), shape, at, 4 * shape.count()));
        at += 4 * shape.count();
    }

    /// Rows 2 i and 2 i + 1 of each head in the file are rows i and i + D / 2 here. Walked: (heads, 2, D / 2, d).
    private void rotated(String name, long heads) {
        long d = sizes.d();
        long half = d / sizes.heads() / 2;
        var shape = Shape.of(2 * half * heads, d);
        for (long layer = 0; layer < sizes.layers(); layer++) {
            tensors.put("model.layers." + layer + "." + name + ".weight", new StoredTensor("float32",
                    Optional.of(Encoding.F32), shape, Shape.of(heads, 2, half, d),
                    new long[] {2 * half * d, d, 2 * d, 1}, at, 4 * shape.count()));
            at += 4 * shape.count();
        }
    }

    private Map<String, String> metadata() {
        var metadata = new LinkedHashMap<String, String>();
        metadata.put("model_type", "llama");
        for (int i = 0; i < NAMES.size(); i++) {
            metadata.put(NAMES.get(i), sizes.all.get(i).toString());
        }
        metadata.put("tie_word_embeddings", Boolean.toString(sizes.shared));
        metadata.put("rms_norm_eps", "1e-5");                               // constants of run.c
        metadata.put("rope_theta", "10000.0");
        return metadata;
    }
}
