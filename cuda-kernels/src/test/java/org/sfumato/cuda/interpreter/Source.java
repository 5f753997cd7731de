package org.sfumato.cuda.interpreter;

/// A PTX text and what it is called, for errors that quote its lines.
record Source(String name, String text) {
    /// Line `number`, counted from 1, without the blanks around it.
    String line(int number) {
        int from = 0;
        for (int n = 1; n < number; n++) {
            from = text.indexOf('\n', from) + 1;
        }
        int end = text.indexOf('\n', from);
        return text.substring(from, end < 0 ? text.length() : end).strip();
    }

    /// An error about line `number`.
    IllegalArgumentException error(int number, String what) {
        return new IllegalArgumentException("%s: %s, line %d: `%s`".formatted(name, what, number, line(number)));
    }
}
