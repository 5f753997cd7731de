package org.sfumato.tokenizers.pipeline;

/// A text cut into ranges, each of which matches a pattern or lies between matches.
final class Spans {
    private final Ints items = new Ints(24);

    void add(int start, int end, boolean match) {
        items.add(start);
        items.add(end);
        items.add(match ? 1 : 0);
    }

    int size() {
        return items.size() / 3;
    }

    int start(int i) {
        return items.get(3 * i);
    }

    int end(int i) {
        return items.get(3 * i + 1);
    }

    boolean matches(int i) {
        return items.get(3 * i + 2) == 1;
    }

    void end(int i, int end) {
        items.set(3 * i + 1, end);
    }

    void start(int i, int start) {
        items.set(3 * i, start);
    }

    boolean anyMatch() {
        for (int i = 0; i < size(); i++) {
            if (matches(i)) {
                return true;
            }
        }
        return false;
    }

    Spans inverted() {
        var out = new Spans();
        for (int i = 0; i < size(); i++) {
            out.add(start(i), end(i), !matches(i));
        }
        return out;
    }
}
