package org.sfumato.nn.log;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A line chart as one SVG file that needs nothing else: loss by step.
///
/// ```java
/// var svg = new LossCurve("Tiny Shakespeare", "step", "loss (nats per token)", Scale.LINEAR, Scale.LOGARITHMIC).svg(
///         List.of(new LossCurve.Series("train", CsvLog.column(file, "train"), 0.98),
///                 new LossCurve.Series("validation", CsvLog.column(file, "validation"), 0)));
/// ```
///
/// @param title above the chart
/// @param xLabel what the horizontal axis means, with its unit
/// @param yLabel what the vertical axis means, with its unit
/// @param x the horizontal scale
/// @param y the vertical scale
public record LossCurve(String title, String xLabel, String yLabel, Scale x, Scale y) {
    /// A value at a step.
    public record Point(double step, double value) { }

    /// One curve. A smoothed one is drawn over a pale one of the values as they are.
    ///
    /// @param name for the legend
    /// @param points by rising step; those whose value has no place on the scale are gaps
    /// @param smoothing s in [0, 1): each value becomes `m_t / (1 - s^t)`, `m_t = s m_(t-1) + (1 - s) v_t`, the mean of
    ///     about the last `1 / (1 - s)` values; 0 leaves them as they are
    public record Series(String name, List<Point> points, double smoothing) {
        /// Checks what can be checked.
        public Series {
            points = List.copyOf(points);
            if (!(smoothing >= 0 && smoothing < 1)) {
                throw new IllegalArgumentException("loss curve: smoothing " + smoothing + " is outside [0, 1)");
            }
        }

        List<Point> smoothed(Scale scale) {
            var smooth = new ArrayList<Point>();
            double mean = 0;
            double weight = 0;
            for (var point : points) {
                if (scale.shows(point.value)) {
                    mean = smoothing * mean + (1 - smoothing) * point.value;
                    weight = smoothing * weight + (1 - smoothing);
                    smooth.add(new Point(point.step, mean / weight));
                } else {
                    smooth.add(point);
                }
            }
            return smooth;
        }
    }

    private static final int WIDTH = 760;
    private static final int HEIGHT = 440;
    private static final int LEFT = 76;
    private static final int RIGHT = 24;
    private static final int TOP = 56;
    private static final int BOTTOM = 60;
    /// Told apart also by those who see red and green alike. Source: Okabe and Ito 2008, "Color Universal Design".
    private static final List<String> COLOURS = List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9",
            "#e69f00", "#000000");

    /// The chart of `series`.
    ///
    /// @throws IllegalArgumentException if no point of them can be shown
    public String svg(List<Series> series) {
        var shown = series.stream().flatMap(s -> s.points.stream()).filter(this::shows).toList();
        if (shown.isEmpty()) {
            throw new IllegalArgumentException("loss curve: there is no point to show"
                    + (y == Scale.LOGARITHMIC ? "\nhint: a logarithmic scale shows only values above 0" : ""));
        }
        var across = Axis.around(shown.stream().map(Point::step).toList(), x, 0, LEFT, WIDTH - RIGHT);
        var up = Axis.around(shown.stream().map(Point::value).toList(), y, .05, HEIGHT - BOTTOM, TOP);
        var svg = new StringBuilder();
        open(svg);
        grid(svg, across, up);
        for (int i = 0; i < series.size(); i++) {
            curve(svg, series.get(i), COLOURS.get(i % COLOURS.size()), across, up);
        }
        legend(svg, series);
        return svg.append("</svg>\n").toString();
    }

    private boolean shows(Point point) {
        return x.shows(point.step) && y.shows(point.value);
    }

    private void open(StringBuilder svg) {
        svg.append(format("""
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" role="img" \
                font-family="system-ui, 'Segoe UI', Helvetica, Arial, sans-serif" font-size="12">
                <title>%s</title>
                <rect width="100%%" height="100%%" fill="#ffffff"/>
                <text x="%d" y="28" font-size="16" font-weight="600" fill="#1b1f24">%s</text>
                """, WIDTH, HEIGHT, WIDTH, HEIGHT, escaped(title), LEFT, escaped(title)));
    }

    private void grid(StringBuilder svg, Axis across, Axis up) {
        svg.append("<g stroke=\"#e6e8eb\" fill=\"#57606a\">\n");
        for (double tick : up.ticks()) {
            svg.append(format("<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\"/>"
                            + "<text stroke=\"none\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT,
                    WIDTH - RIGHT, up.pixel(tick), up.pixel(tick), LEFT - 8, up.pixel(tick) + 4, Axis.label(tick)));
        }
        for (double tick : across.ticks()) {
            svg.append(format("<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%d\"/>"
                            + "<text stroke=\"none\" x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n",
                    across.pixel(tick), across.pixel(tick), TOP, HEIGHT - BOTTOM, across.pixel(tick),
                    HEIGHT - BOTTOM + 18, Axis.label(tick)));
        }
        int middle = (TOP + HEIGHT - BOTTOM) / 2;
        svg.append(format("""
                </g>
                <path d="M%d %dV%dH%d" fill="none" stroke="#8c959f"/>
                <text x="%d" y="%d" text-anchor="middle" fill="#1b1f24">%s</text>
                <text x="20" y="%d" text-anchor="middle" fill="#1b1f24" transform="rotate(-90 20 %d)">%s</text>
                """, LEFT, TOP, HEIGHT - BOTTOM, WIDTH - RIGHT, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16,
                escaped(xLabel), middle, middle, escaped(yLabel)));
    }

    private void curve(StringBuilder svg, Series series, String colour, Axis across, Axis up) {
        if (series.smoothing > 0) {
            path(svg, series.points, format("stroke=\"%s\" stroke-opacity=\"0.25\"", colour), across, up);
        }
        path(svg, series.smoothed(y), format("stroke=\"%s\" stroke-width=\"2\"", colour), across, up);
    }

    private void path(StringBuilder svg, List<Point> points, String style, Axis across, Axis up) {
        svg.append("<path fill=\"none\" stroke-linejoin=\"round\" stroke-linecap=\"round\" ").append(style)
                .append(" d=\"");
        boolean drawing = false;
        for (var point : perPixel(points, across)) {
            boolean shows = shows(point);
            if (shows) {
                svg.append(format("%s%.1f %.1f", drawing ? "L" : "M", across.pixel(point.step), up.pixel(point.value)));
                if (!drawing) {
                    svg.append("h0");                                   // so that a point alone is a dot
                }
            }
            drawing = shows;
        }
        svg.append("\"/>\n");
    }

    /// At most four points for each pixel across: the first, the lowest, the highest and the last. The picture stays
    /// the same, and the file small. Source: Jugel et al. 2014, "M4: a visualization-oriented time series aggregation".
    private List<Point> perPixel(List<Point> points, Axis across) {
        if (points.size() <= 4 * (WIDTH - LEFT - RIGHT)) {
            return points;
        }
        var kept = new ArrayList<Point>();
        int start = 0;
        for (int i = 1; i <= points.size(); i++) {
            if (i == points.size() || column(points.get(i), across) != column(points.get(start), across)) {
                extremes(points.subList(start, i), kept);
                start = i;
            }
        }
        return kept;
    }

    private long column(Point point, Axis across) {
        return x.shows(point.step) ? Math.round(across.pixel(point.step)) : -1;
    }

    private void extremes(List<Point> group, List<Point> kept) {
        int low = 0;
        int high = 0;
        int gap = -1;
        for (int i = 0; i < group.size(); i++) {
            if (!shows(group.get(i))) {
                gap = i;
                continue;
            }
            low = group.get(i).value < group.get(low).value || !shows(group.get(low)) ? i : low;
            high = group.get(i).value > group.get(high).value || !shows(group.get(high)) ? i : high;
        }
        for (int i = 0; i < group.size(); i++) {
            if (i == 0 || i == low || i == high || i == gap || i == group.size() - 1) {
                kept.add(group.get(i));
            }
        }
    }

    private static void legend(StringBuilder svg, List<Series> series) {
        int at = WIDTH - RIGHT;
        for (int i = series.size() - 1; i >= 0; i--) {
            var name = series.get(i).name;
            at -= 34 + (int) Math.ceil(6.8 * name.length());            // about the width of the text at 12 pixels
            svg.append(format("<path d=\"M%d 44h20\" stroke=\"%s\" stroke-width=\"2\"/>"
                            + "<text x=\"%d\" y=\"48\" fill=\"#1b1f24\">%s</text>\n", at,
                                    COLOURS.get(i % COLOURS.size()),
                    at + 26, escaped(name)));
        }
    }

    private static String format(String pattern, Object... values) {
        return String.format(Locale.ROOT, pattern, values);
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\"", "&quot;");
    }
}
