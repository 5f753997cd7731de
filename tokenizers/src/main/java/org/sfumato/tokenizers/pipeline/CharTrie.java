package org.sfumato.tokenizers.pipeline;

/// Strings to values, searched for all prefixes of what stands at a place in a text.
public final class CharTrie {
    private static final long NONE = -1;
    private final PairMap children;
    private final Ints values = new Ints(256);

    /// Empty; `expected` strings are to come.
    public CharTrie(int expected) {
        children = new PairMap(4 * expected);
        values.add(-1);
    }

    /// Gives `key` the value `value`, at least 0.
    public void put(String key, int value) {
        int node = 0;
        for (int i = 0; i < key.length(); i++) {
            int next = child(node, key.charAt(i));
            if (next < 0) {
                next = values.size();
                children.put((long) node << 16 | key.charAt(i), next);
                values.add(-1);
            }
            node = next;
        }
        values.set(node, value);
    }

    /// The node after `node` by `c`, -1 where there is none; 0 is the root.
    public int child(int node, char c) {
        return (int) children.get((long) node << 16 | c, NONE);
    }

    /// The value of the string that leads to `node`, -1 where none does.
    public int value(int node) {
        return values.get(node);
    }

    /// The end of the longest key that stands at `from`, -1 where none does.
    public int longest(String text, int from) {
        int end = -1;
        int node = 0;
        for (int i = from; i < text.length(); i++) {
            node = child(node, text.charAt(i));
            if (node < 0) {
                break;
            }
            if (value(node) >= 0) {
                end = i + 1;
            }
        }
        return end;
    }

    /// The value of `key`, -1 where it has none.
    public int get(String text, int from, int to) {
        int node = 0;
        for (int i = from; i < to && node >= 0; i++) {
            node = child(node, text.charAt(i));
        }
        return node < 0 ? -1 : value(node);
    }
}
