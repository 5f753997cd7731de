package org.sfumato.cli.shared;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A table of numbers in Markdown.
public final class Markdown {
    private final StringBuilder text = new StringBuilder();

    /// With these columns.
    public Markdown(String... columns) {
        line(List.of(columns));
        line(List.of(columns).stream().map(_ -> "---").toList());
    }

    /// A row; numbers with a fraction get three digits of it.
    public Markdown row(Object... cells) {
        var shown = new ArrayList<String>();
        for (var cell : cells) {
            shown.add(cell instanceof Double number
                    ? Double.isNaN(number) ? "-" : String.format(Locale.ROOT, "%.3f", number) : cell.toString());
        }
        line(shown);
        return this;
    }

    private void line(List<String> cells) {
        text.append("| ").append(String.join(" | ", cells)).append(" |\n");
    }

    @Override
    public String toString() {
        return text.toString();
    }
}
