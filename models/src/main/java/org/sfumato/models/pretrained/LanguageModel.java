package org.sfumato.models.pretrained;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.sfumato.models.transformer.Transformer;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.quantised.WeightFormat;
import org.sfumato.tokenizers.ModelTokenizer;
import org.sfumato.tokenizers.SpecialTokens;
import org.sfumato.tokenizers.SubwordTokenizer;
import org.sfumato.tokenizers.Tokenizer;

/// A network with what it needs to read and write text.
///
/// @param mask the token that hides another, where there is one
/// @param ends tokens after which nothing is written
public record LanguageModel(Transformer network, ModelTokenizer tokenizer, OptionalInt mask, Set<Integer> ends) {
    /// Copies.
    public LanguageModel {
        ends = Set.copyOf(ends);
    }

    /// The model in a folder as downloaded from the Hugging Face hub, or in a file of llama2.c, in the current scope.
    /// Texts end where `generation_config.json` or `config.json` says so, and llama2.c's where another begins.
    ///
    /// @param tokenizer where the tokenizer lies, if not in the folder
    /// @param weights what linear layers are held in, if not f32, see [Pretrained#load(Path, WeightFormat)]
    /// @throws FormatException if a file is damaged or does not fit the others, see [Pretrained#load(Path)]
    /// @throws IOException if a file cannot be read
    public static LanguageModel load(Path folderOrFile, Optional<Path> tokenizer, Optional<WeightFormat> weights)
            throws IOException {
        boolean single = Files.isRegularFile(folderOrFile);
        if (single && tokenizer.isEmpty()) {
            throw new IllegalArgumentException("language model: " + folderOrFile + " has no tokenizer in it\nhint: "
                    + "name its file too");
        }
        var config = Described.json(folderOrFile);
        var words = whole(ModelTokenizer.load(tokenizer.orElse(folderOrFile)));
        if (single) {
            return begun(network(folderOrFile, weights), words.tokenizer(), 1, Set.of(1, 2));
        }
        var generation = folderOrFile.resolve("generation_config.json");
        var ends = Files.exists(generation) ? ids(ConfigJson.read(generation), "eos_token_id") : Set.<Integer>of();
        var mask = ids(config, "mask_token_id").stream().mapToInt(Integer::intValue).findFirst();
        return new LanguageModel(network(folderOrFile, weights), words,
                mask.isPresent() ? mask : words.special().mask(), ends.isEmpty() ? ids(config, "eos_token_id") : ends);
    }

    /// The same with the low-rank adapter in `folder` in its matrices, which are made anew in the current scope; those
    /// that they replace are freed, so this model is not used any more.
    ///
    /// @param folderOrFile of the model
    /// @throws FormatException as [Peft#load]
    /// @throws IOException if a file cannot be read
    public LanguageModel merge(Path folderOrFile, Path folder) throws IOException {
        var lora = Peft.of(folderOrFile, network).load(folder);
        var merged = lora.merge(network);
        lora.parameters().values().forEach(Tensor::close);
        Set<Tensor> kept = Collections.newSetFromMap(new IdentityHashMap<>());
        kept.addAll(merged.parameters().values());
        network.parameters().values().stream().filter(tensor -> !kept.contains(tensor)).forEach(Tensor::close);
        return new LanguageModel(merged, tokenizer, mask, ends);
    }

    private static Transformer network(Path folderOrFile, Optional<WeightFormat> weights) throws IOException {
        return weights.isEmpty() ? Pretrained.load(folderOrFile) : Pretrained.load(folderOrFile, weights.get());
    }

    /// A model whose texts all begin with the token `begin`, which the tokenizer need not know.
    public static LanguageModel begun(Transformer network, Tokenizer tokenizer, int begin, Set<Integer> ends) {
        var none = OptionalInt.empty();
        var special = new SpecialTokens(OptionalInt.of(begin), none, none, none, none, none, none);
        return new LanguageModel(network,
                new ModelTokenizer(tokenizer, special, true, false, false, false, Optional.empty()), none, ends);
    }

    /// What the network reads for `text`, special tokens added; where that is nothing, the token that begins a text.
    public int[] read(String text) {
        var ids = tokenizer.process(text);
        return ids.length > 0 ? ids : tokenizer.special().bos().stream().toArray();
    }

    /// Whether `id` stands for text: it ends none, and the tokenizer knows it.
    public boolean isText(int id) {
        return id < tokenizer.tokenizer().vocabularySize() && !ends.contains(id);
    }

    /// Without the lengths that a file asks for.
    private static ModelTokenizer whole(ModelTokenizer t) {
        return !(t.tokenizer() instanceof SubwordTokenizer words) ? t
                : new ModelTokenizer(words.withTruncation(Optional.empty()).withPadding(Optional.empty()), t.special(),
                        t.addBos(), t.addEos(), t.prefixAlways(), t.cleanUp(), t.chat());
    }

    /// The ids in a field that holds one, several or none.
    private static Set<Integer> ids(ConfigJson json, String name) throws FormatException {
        var ids = new TreeSet<Integer>();
        if (json.has(name) && json.tree().get(name).isArray()) {
            for (var id : json.tree().get(name).values()) {
                if (!id.canConvertToInt()) {
                    throw json.unsupported(name, json.tree().get(name).toString());
                }
                ids.add(id.intValue());
            }
        } else if (json.has(name)) {
            ids.add(json.integer(name));
        }
        return ids;
    }
}
