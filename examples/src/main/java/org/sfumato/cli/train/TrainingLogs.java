package org.sfumato.cli.train;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.sfumato.models.data.NGramEntropy;
import org.sfumato.nn.log.CsvLog;
import org.sfumato.nn.log.LossCurve;
import org.sfumato.nn.log.Scale;
import org.sfumato.nn.log.TensorBoardWriter;

/// The logs of a training: `log.csv`, TensorBoard events, and at the end the picture `loss.svg`.
public final class TrainingLogs implements AutoCloseable {
    private static final String TRAIN = "train";
    private static final String VALIDATION = "validation";
    private static final String RATE = "rate";
    private static final int EVERY = 10;
    private static final double SMOOTHING = .95;

    private final Path out;
    private final Path table;
    private final CsvLog csv;
    private final TensorBoardWriter events;
    private double sum;
    private int count;

    /// Opens the logs in `out`; what they hold after step `resumedAt` is dropped.
    public TrainingLogs(Path out, long resumedAt) throws IOException {
        Files.createDirectories(out);
        this.out = out;
        this.table = out.resolve("log.csv");
        this.csv = CsvLog.open(table, resumedAt, TRAIN, VALIDATION, RATE);
        this.events = new TensorBoardWriter(out.resolve("tensorboard"));
        if (resumedAt > 0) {
            events.resume(resumedAt);
        }
    }

    /// The loss of a step and the fraction of the learning rate; logged as a mean every few steps.
    public void step(long step, double loss, double rate) {
        sum += loss;
        count++;
        if (step % EVERY == 0) {
            csv.append(step, Map.of(TRAIN, sum / count, RATE, rate));
            events.scalar("loss/train", step, sum / count);
            events.scalar("rate", step, rate);
            sum = 0;
            count = 0;
        }
    }

    /// The bound on the validation part.
    void validation(long step, double nelbo) {
        csv.append(step, Map.of(VALIDATION, nelbo));
        events.scalar("loss/validation", step, nelbo);
    }

    /// Draws both losses, and the entropies of the text as levels to compare with.
    void curve(NGramEntropy entropy) throws IOException {
        var train = CsvLog.column(table, TRAIN);
        var validation = CsvLog.column(table, VALIDATION);
        double end = Math.max(1, Math.max(last(train), last(validation)));
        var svg = new LossCurve("Masked diffusion: loss", "step", "nats per token", Scale.LINEAR, Scale.LINEAR)
                .svg(List.of(new LossCurve.Series("train", train, SMOOTHING),
                new LossCurve.Series("validation (NELBO)", validation, 0),
                level("unigram", entropy.unigram(), end), level("bigram", entropy.bigram(), end)));
        Files.writeString(out.resolve("loss.svg"), svg, StandardCharsets.UTF_8);
    }

    /// Draws both losses.
    ///
    /// @param title above the picture
    /// @param unit of the losses
    void curve(String title, String unit) throws IOException {
        var svg = new LossCurve(title, "step", unit, Scale.LINEAR, Scale.LINEAR).svg(List.of(
                new LossCurve.Series("train", CsvLog.column(table, TRAIN), SMOOTHING),
                new LossCurve.Series("validation", CsvLog.column(table, VALIDATION), 0)));
        Files.writeString(out.resolve("loss.svg"), svg, StandardCharsets.UTF_8);
    }

    private static double last(List<LossCurve.Point> points) {
        return points.isEmpty() ? 0 : points.getLast().step();
    }

    private static LossCurve.Series level(String name, double value, double end) {
        return new LossCurve.Series(name, List.of(new LossCurve.Point(0, value), new LossCurve.Point(end, value)), 0);
    }

    @Override
    public void close() throws IOException {
        try (csv) {
            events.close();
        }
    }
}
