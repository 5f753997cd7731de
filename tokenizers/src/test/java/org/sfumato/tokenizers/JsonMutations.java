package org.sfumato.tokenizers;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.JsonNodeFactory;
import tools.jackson.databind.node.ObjectNode;

/// Damage to the tree of a JSON file, which stays one: values of another kind, huge numbers, odd texts, parts that are
/// gone, doubled or elsewhere.
final class JsonMutations {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;
    private static final long[] HUGE = {0, 1, -1, 2, 255, 65_536, 1 << 20, Integer.MAX_VALUE, Integer.MIN_VALUE,
        1L << 40, Long.MAX_VALUE, Long.MIN_VALUE};
    private static final List<String> TEXTS = List.of("", " ", "a", "\0", "\ud83d\ude00", "\u0301", "\ud800", "##",
            "<0x41>", "<0xZZ>", "\u2581", "Sequence", "ByteLevel", "BPE", "Unigram", "WordPiece", "Metaspace", "Split",
            "Replace", "Strip", "(a+)+b", "(", "[^x]", "\\p{L}+", "a{2,1}", "a{99999}", "\\s*", "$", "(?=x)", ".",
            "AAAA", "/////w==", "x".repeat(3000));

    private JsonMutations() { }

    /// `tree` with up to four pieces of damage.
    static byte[] of(JsonNode tree, RandomGenerator random) {
        var copy = tree.deepCopy();
        for (int n = random.nextInt(1, 5); n > 0; n--) {
            var inner = new ArrayList<JsonNode>();
            inner(copy, inner, random);
            if (!inner.isEmpty()) {
                once(inner.get(random.nextInt(inner.size())), inner, random);
            }
        }
        return JsonMapper.shared().writeValueAsBytes(copy);
    }

    /// The objects and lists of a tree; of long ones, a few items.
    private static void inner(JsonNode node, List<JsonNode> into, RandomGenerator random) {
        if (!node.isContainer() || node.isEmpty()) {
            return;
        }
        into.add(node);
        int step = 1 + node.size() / 40;
        int i = random.nextInt(step);
        for (var child : node) {
            if (i++ % step == 0) {
                inner(child, into, random);
            }
        }
    }

    private static void once(JsonNode node, List<JsonNode> others, RandomGenerator random) {
        int at = random.nextInt(node.size());
        var value = value(others, random);
        switch (node) {
            case ObjectNode object -> {
                var name = new ArrayList<>(object.propertyNames()).get(at);
                switch (random.nextInt(4)) {
                    case 0 -> object.remove(name);
                    case 1 -> object.set(TEXTS.get(random.nextInt(TEXTS.size())), object.get(name));
                    default -> object.set(name, value);
                }
            }
            case ArrayNode array -> {
                switch (random.nextInt(4)) {
                    case 0 -> array.remove(at);
                    case 1 -> array.insert(at, array.get(random.nextInt(array.size())).deepCopy());
                    default -> array.set(at, value);
                }
            }
            default -> throw new IllegalStateException();
        }
    }

    private static JsonNode value(List<JsonNode> others, RandomGenerator random) {
        return switch (random.nextInt(6)) {
            case 0 -> NODES.numberNode(HUGE[random.nextInt(HUGE.length)]);
            case 1 -> NODES.numberNode(random.nextDouble(-1e300, 1e300));
            case 2 -> NODES.booleanNode(random.nextBoolean());
            case 3 -> NODES.stringNode(TEXTS.get(random.nextInt(TEXTS.size())));
            case 4 -> random.nextBoolean() ? NODES.nullNode() : NODES.arrayNode();
            default -> {
                var other = others.get(random.nextInt(others.size()));
                yield other.toString().length() > 20_000 ? NODES.objectNode() : other.deepCopy();
            }
        };
    }
}
