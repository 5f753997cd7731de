package org.sfumato.models.masked;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.sfumato.models.Denoiser;
import org.sfumato.models.diffusion.Distribution;
import org.sfumato.nn.checkpoint.RecordJson;
import org.sfumato.tokenizers.Tokenizer;
import tools.jackson.databind.json.JsonMapper;

/// Fills the blanks of a text with constants of enums, and says how likely each constant is: the probability of its
/// tokens from left to right, the text on both sides given, over the sum of all constants. What stands in the text for
/// a constant is its `toString()`, its tokens and those of the text around it encoded apart. A constant of n tokens
/// takes n places and n passes.
///
/// {@snippet :
/// enum Mood { GLAD, SAD }
/// record Letter(Mood mood, Boolean signed) { }
/// var form = new Form(network, MaskedProcess.of(tokenizer.vocabularySize()), tokenizer);
/// Map<Mood, Double> moods = form.choose("I am so {} today.", Mood.class);
/// Form.Filled<Letter> letter = form.fill("Mood: {mood}, signed: {signed}.", Letter.class);
/// }
///
/// @param network predicts hidden tokens
/// @param process hid them
/// @param tokenizer of the network
public record Form(Denoiser network, MaskedProcess process, Tokenizer tokenizer) {
    private static final Pattern BLANK = Pattern.compile("\\{(\\w*)}");

    /// A record made of what is likeliest.
    ///
    /// @param probabilities of each component what could stand there, given the components before it in the record
    public record Filled<R extends Record>(R value, Map<String, Map<Object, Double>> probabilities) { }

    /// The probabilities of all constants of `type` at the one blank `{}` of `text`, in the order of the constants.
    ///
    /// @throws IllegalArgumentException if the text does not have one blank
    public <E extends Enum<E>> Map<E, Double> choose(String text, Class<E> type) {
        var parts = parts(text, List.of(""));
        var found = new LinkedHashMap<E, Double>();
        probabilities(parts, "", Map.of("", List.of(type.getEnumConstants())))
                .forEach((constant, p) -> found.put(type.cast(constant), p));
        return found;
    }

    /// Fills the blanks `{component}` of `text`, one for each component of the record, in the order of the record: each
    /// takes what is likeliest given those before it, while those after it are masked.
    ///
    /// @param type a record of enums and Booleans, which [RecordJson] must be able to make
    /// @throws IllegalArgumentException if a component is of another type, or has not exactly one blank
    public <R extends Record> Filled<R> fill(String text, Class<R> type) {
        var options = new LinkedHashMap<String, List<?>>();
        for (var component : type.getRecordComponents()) {
            options.put(component.getName(), constants(type, component.getName(), component.getType()));
        }
        var parts = parts(text, List.copyOf(options.keySet()));
        var tree = JsonMapper.shared().createObjectNode();
        var all = new LinkedHashMap<String, Map<Object, Double>>();
        for (var name : List.copyOf(options.keySet())) {
            var found = probabilities(parts, name, options);
            var best = found.entrySet().stream().max(Map.Entry.comparingByValue()).orElseThrow().getKey();
            switch (best) {
                case Boolean value -> tree.put(name, value);
                case Enum<?> constant -> tree.put(name, constant.name());
                default -> throw new IllegalStateException(best.toString());
            }
            all.put(name, found);
            options.put(name, List.of(best));
        }
        return new Filled<>(RecordJson.read(type, tree), all);
    }

    private static List<?> constants(Class<?> owner, String name, Class<?> type) {
        if (type == boolean.class || type == Boolean.class) {
            return List.of(true, false);
        }
        if (!type.isEnum() || type.getEnumConstants().length == 0) {
            throw new IllegalArgumentException("form: component " + name + " of " + owner.getSimpleName()
                    + " is of type " + type.getSimpleName() + "\nhint: enums and Booleans can be filled in");
        }
        return List.of(type.getEnumConstants());
    }

    /// The text cut at its blanks: text, name of a blank, text, and so on.
    private static List<String> parts(String text, List<String> names) {
        var parts = new ArrayList<String>();
        var seen = new ArrayList<String>();
        var blanks = BLANK.matcher(text);
        int from = 0;
        while (blanks.find()) {
            parts.add(text.substring(from, blanks.start()));
            parts.add(blanks.group(1));
            seen.add(blanks.group(1));
            from = blanks.end();
        }
        parts.add(text.substring(from));
        if (!seen.stream().sorted().toList().equals(names.stream().sorted().toList())) {
            throw new IllegalArgumentException("form: the text has the blanks " + seen + ", not " + names
                    + "\nhint: write each once, in { }");
        }
        return parts;
    }

    private Map<Object, Double> probabilities(List<String> parts, String name, Map<String, List<?>> options) {
        int at = IntStream.range(0, parts.size() / 2).filter(i -> parts.get(2 * i + 1).equals(name)).findFirst()
                .orElseThrow();
        int[] before = ids(parts.subList(0, 2 * at + 1), 0, options);
        int[] after = ids(parts.subList(2 * at + 2, parts.size()), 2 * at + 2, options);
        var constants = options.get(name);
        var scores = constants.stream().mapToDouble(constant -> score(before, tokens(constant), after)).toArray();
        var p = Distribution.of(scores).probabilities();
        var found = new LinkedHashMap<Object, Double>();
        for (int i = 0; i < p.length; i++) {
            found.put(constants.get(i), p[i]);
        }
        return found;
    }

    /// The tokens of `parts`, the first of which is part number `first`. A blank that is filled holds its constant, the
    /// others are masked, as long as the longest constant.
    private int[] ids(List<String> parts, int first, Map<String, List<?>> options) {
        return IntStream.range(0, parts.size()).boxed().flatMapToInt(i -> {
            if ((first + i) % 2 == 0) {
                return Arrays.stream(tokenizer.encode(parts.get(i)));
            }
            var there = options.get(parts.get(i));
            return there.size() == 1 ? Arrays.stream(tokens(there.getFirst())) : IntStream.generate(process::mask)
                    .limit(there.stream().mapToInt(constant -> tokens(constant).length).max().orElseThrow());
        }).toArray();
    }

    private int[] tokens(Object constant) {
        int[] ids = tokenizer.encode(constant.toString());
        if (ids.length == 0) {
            throw new IllegalArgumentException("form: a constant of " + constant.getClass().getSimpleName()
                    + " has no text\nhint: its toString() is what is filled in");
        }
        return ids;
    }

    /// `sum log p(token | text, tokens before it)`.
    private double score(int[] before, int[] tokens, int[] after) {
        var predictor = new MaskPredictor(network, process, 0, List.of());
        var ids = Arrays.copyOf(before, before.length + tokens.length + after.length);
        Arrays.fill(ids, before.length, before.length + tokens.length, process.mask());
        System.arraycopy(after, 0, ids, before.length + tokens.length, after.length);
        int[] places = IntStream.range(before.length, before.length + tokens.length).toArray();
        var draft = new Draft(ids, places, new boolean[ids.length], process.mask());
        double sum = 0;
        for (int j = 0; j < tokens.length; j++) {
            sum += Math.log(predictor.at(new int[] {places[j]}, draft, places, j)[0].probabilities()[tokens[j]]);
            ids[places[j]] = tokens[j];
        }
        return sum;
    }
}
