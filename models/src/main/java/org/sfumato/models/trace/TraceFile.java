package org.sfumato.models.trace;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipException;
import org.sfumato.models.diffusion.Sampler.Step;
import org.sfumato.tensor.io.AtomicFile;
import org.sfumato.tensor.io.FormatException;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.MappingIterator;

/// Traces as files: a line of [TraceJson] that begins and one for each step, compressed by gzip, whose checksum tells
/// damage.
final class TraceFile {
    private static final String TRACE = "trace";

    private TraceFile() { }

    static void write(Trace trace, Path file) throws IOException {
        var bytes = new ByteArrayOutputStream();
        try (var zipped = new GZIPOutputStream(bytes)) {
            line(zipped, TraceJson.begin(trace));
            for (var step : TraceJson.steps(trace)) {
                line(zipped, step);
            }
        }
        AtomicFile.write(TRACE, file, bytes.toByteArray());
    }

    private static void line(GZIPOutputStream out, JsonNode node) throws IOException {
        out.write((TraceJson.MAPPER.writeValueAsString(node) + "\n").getBytes(StandardCharsets.US_ASCII));
    }

    static Trace read(Path file) throws IOException {
        try (var raw = new BufferedInputStream(Files.newInputStream(file))) {
            return read(unzipped(raw), file);
        } catch (EOFException e) {
            throw new FormatException(TRACE, file, "ends too early", e);
        } catch (ZipException e) {
            throw new FormatException(TRACE, file, "is damaged: " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new FormatException(TRACE, file, e.getCause() instanceof EOFException ? "ends too early"
                    : "is damaged: " + e.getOriginalMessage().lines().findFirst().orElse(""), e);
        } catch (IllegalArgumentException e) {
            throw new FormatException(TRACE, file, e.getMessage().replaceFirst("^" + TRACE + ": ", ""), e);
        }
    }

    private static InputStream unzipped(InputStream raw) throws IOException {
        raw.mark(2);
        boolean zipped = raw.read() == 0x1F && raw.read() == 0x8B;
        if (!zipped) {
            throw new IllegalArgumentException("is no trace\nhint: sfumato generate --trace FILE writes one");
        }
        raw.reset();
        return new GZIPInputStream(raw);
    }

    private static Trace read(InputStream in, Path file) throws IOException {
        try (MappingIterator<JsonNode> nodes = TraceJson.MAPPER.readerFor(JsonNode.class).readValues(in)) {
            if (!nodes.hasNextValue()) {
                throw new FormatException(TRACE, file, "is empty");
            }
            var beginning = TraceJson.beginning(nodes.nextValue());
            var now = beginning.canvas().ids().clone();
            var steps = new ArrayList<Step>();
            while (nodes.hasNextValue()) {
                steps.add(TraceJson.step(nodes.nextValue(), now));
                if (steps.size() > beginning.steps()) {
                    break;
                }
            }
            if (steps.size() != beginning.steps()) {
                throw new FormatException(TRACE, file, "has not the " + beginning.steps() + " steps that it names");
            }
            return new Trace(beginning.settings(), beginning.canvas(), beginning.tokens(), steps);
        }
    }
}
