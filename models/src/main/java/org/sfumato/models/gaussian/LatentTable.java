package org.sfumato.models.gaussian;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Rng;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Settings;
import org.sfumato.tensor.Tensor;
import org.sfumato.tensor.io.FormatException;
import org.sfumato.tensor.io.Safetensors;

/// Latents of many texts in memory, in the order of the texts.
///
/// @param latents (R, N, D) f32
/// @param documents for each row the number of the document that it is of: rows before it in the same one are what it
///     can be conditioned on
/// @param condition what else each row depends on (R, M, K), or `null`: all of a row's are its condition then, and no
///     row before it
public record LatentTable(Tensor latents, long[] documents, Tensor condition) {
    private static final String LATENTS = "latents";
    private static final String EMBEDS = "embeds";
    private static final String DOCUMENTS = "documents";
    private static final int VISIBLE = 0;                               // the part of a generator that hides rows

    /// Checks the shapes.
    public LatentTable {
        NoiseLevel.requireLatents(latents);
        if (latents.size(0) != documents.length) {
            throw new IllegalArgumentException("latents: " + latents.size(0) + " rows, of which " + documents.length
                    + " have a document");
        }
        if (condition != null && (condition.shape().rank() != 3 || condition.size(0) != documents.length)) {
            throw new IllegalArgumentException("latents: the condition of " + documents.length
                    + " rows must be (rows, M, K), got " + condition.shape());
        }
    }

    /// Latents that depend at most on those before them.
    public LatentTable(Tensor latents, long[] documents) {
        this(latents, documents, null);
    }

    /// Rows of one document.
    public static LatentTable of(Tensor latents) {
        return new LatentTable(latents, new long[Math.toIntExact(latents.size(0))]);
    }

    /// The latents in safetensors files, one file after the other, on the default device in the current scope: a tensor
    /// `latents` (R, N, D) or `embeds` (R, D), and `documents` (R) i64 where there are several in a file.
    ///
    /// @throws IOException if a file cannot be read
    /// @throws FormatException if it holds no latents, or numbers that are not finite, or files differ in N and D
    public static LatentTable read(Path... files) throws IOException {
        if (files.length == 0) {
            throw new IllegalArgumentException("latents: no file is named");
        }
        var parts = new ArrayList<Tensor>();
        var documents = LongStream.builder();
        long next = 0;
        for (var file : files) {
            try (var stored = Safetensors.open(file)) {
                var part = latents(stored, file);
                if (!parts.isEmpty() && !part.shape().range(1, 3).equals(parts.getFirst().shape().range(1, 3))) {
                    throw new FormatException("latents", file, "its latents " + part.shape()
                            + " are not of the size of those in " + files[0] + ", " + parts.getFirst().shape());
                }
                parts.add(part);
                long last = next;
                for (long document : documents(stored, file, part.size(0))) {
                    documents.add(next + document);
                    last = Math.max(last, next + document);
                }
                next = last + 1;
            }
        }
        return new LatentTable(parts.size() == 1 ? parts.getFirst() : Tensor.concat(0, parts.toArray(Tensor[]::new)),
                documents.build().toArray());
    }

    private static Tensor latents(Safetensors stored, Path file) throws IOException {
        var name = List.of(LATENTS, EMBEDS).stream().filter(stored.names()::contains).findFirst()
                .orElseThrow(() -> new FormatException("latents", file, "it holds no tensor 'latents' and no 'embeds', "
                        + "but " + stored.names() + "\nhint: make it with sfumato embed"));
        var found = stored.tensor(name, DType.F32, Settings.current().device());
        var shaped = found.shape().rank() == 2 ? found.unsqueeze(1) : found;
        if (shaped.shape().rank() != 3 || shaped.shape().count() == 0) {
            throw new FormatException("latents", file, "'" + name + "' is " + found.shape()
                    + ", not (rows, vectors, width) nor (rows, width)");
        }
        try (var scope = Scope.open("check")) {
            if (scope.call(() -> !Double.isFinite(shaped.abs().max().item()))) {
                throw new FormatException("latents", file, "'" + name + "' holds numbers that are not finite");
            }
        }
        return shaped;
    }

    private static long[] documents(Safetensors stored, Path file, long rows) throws IOException {
        if (!stored.names().contains(DOCUMENTS)) {
            return new long[Math.toIntExact(rows)];
        }
        var found = stored.tensor(DOCUMENTS, DType.I64, Device.CPU).toLongs();
        if (found.length != rows || Arrays.stream(found).anyMatch(d -> d < 0)) {
            throw new FormatException("latents", file, "'documents' has " + found.length
                    + " numbers, from 0 on, for " + rows + " rows");
        }
        return found;
    }

    /// The number of rows.
    public int rows() {
        return documents.length;
    }

    /// N, vectors of a row.
    public int vectors() {
        return Math.toIntExact(latents.size(1));
    }

    /// D, numbers of a vector.
    public int width() {
        return Math.toIntExact(latents.size(2));
    }

    /// Rows `from` to `to - 1`.
    public LatentTable part(int from, int to) {
        return new LatentTable(latents.slice(0, from, to), Arrays.copyOfRange(documents, from, to),
                condition == null ? null : condition.slice(0, from, to));
    }

    /// The same documents with other latents.
    public LatentTable with(Tensor others) {
        return new LatentTable(others, documents, condition);
    }

    /// The same latents, each with `others` (R, M, K) to depend on.
    public LatentTable given(Tensor others) {
        return new LatentTable(latents, documents, others);
    }

    /// `count` rows drawn with replacement. Of several rows before each, the nearest v are its condition, v uniform
    /// from 0 to `context`, so that a network learns to do with any number.
    ///
    /// @param context how many rows before each are its condition at most; 0 for no condition
    public LatentBatch draw(int count, int context, Rng rng) {
        var rows = new int[count];
        Arrays.setAll(rows, i -> (int) rng.below(i, rows()));
        var batch = batch(rows, context);
        if (context < 2) {
            return batch;
        }
        var visible = new long[count];
        Arrays.setAll(visible, i -> rng.fold(VISIBLE).below(i, context + 1L));
        var near = Tensor.arange(context).unsqueeze(0).lt(Tensor.of(visible, count, 1)).to(latents.device());
        return new LatentBatch(batch.latents(), new Condition(batch.condition().latents(),
                batch.condition().present().and(near)));
    }

    /// The rows `rows`, each with the `context` rows before it in its document as its condition, the nearest first;
    /// what is not there is marked as absent; or with what the table says that they depend on.
    ///
    /// @throws IllegalArgumentException if they would have both
    public LatentBatch batch(int[] rows, int context) {
        if (condition != null && context > 0) {
            throw new IllegalArgumentException("latents: rows that have a condition cannot be given " + context
                    + " rows before them too");
        }
        var at = Tensor.of(Arrays.stream(rows).asLongStream().toArray(), rows.length).to(latents.device());
        var given = condition != null ? Condition.of(condition.indexSelect(0, at))
                : context == 0 ? null : before(rows, context);
        return new LatentBatch(latents.indexSelect(0, at), given);
    }

    private Condition before(int[] rows, int context) {
        if (vectors() != 1) {
            throw new IllegalArgumentException("latents: only texts of one vector are conditioned on those before, not "
                    + "of " + vectors());
        }
        var index = new long[rows.length * context];
        var present = new boolean[index.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < context; j++) {
                int row = rows[i] - 1 - j;
                present[i * context + j] = row >= 0 && documents[row] == documents[rows[i]];
                index[i * context + j] = Math.max(0, row);
            }
        }
        var found = latents.indexSelect(0, Tensor.of(index, index.length).to(latents.device()));
        return new Condition(found.reshape(rows.length, context, width()),
                Tensor.of(present, rows.length, context).to(latents.device()));
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof LatentTable(Tensor its, long[] itsDocuments, Tensor itsCondition) && its == latents
                && Arrays.equals(documents, itsDocuments) && itsCondition == condition;
    }

    @Override
    public int hashCode() {
        return 31 * System.identityHashCode(latents) + Arrays.hashCode(documents);
    }

    @Override
    public String toString() {
        return "LatentTable" + latents.shape();
    }
}
