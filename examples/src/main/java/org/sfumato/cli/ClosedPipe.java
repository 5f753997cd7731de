package org.sfumato.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Set;

/// Nobody reads standard output any more, as after `sfumato ... | head -1`: the work stops, and nothing is reported.
///
/// `PrintStream` swallows every `IOException`, hence an unchecked one that passes through it.
final class ClosedPipe extends RuntimeException {

    private static final long serialVersionUID = 1L;

    /// As the operating systems say it, in the languages in which they do not translate it.
    private static final Set<String> SAID = Set.of("Broken pipe", "The pipe is being closed", "Stream closed");

    private ClosedPipe(IOException cause) {
        super("standard output is closed", cause);
    }

    /// What a failed write means: nobody reads, or something to be reported, such as a full disk.
    private static RuntimeException of(IOException e) {
        return SAID.contains(e.getMessage()) ? new ClosedPipe(e)
                : new UncheckedIOException("standard output cannot be written: " + e.getMessage()
                + "\nhint: make room, or write elsewhere", e);
    }

    static boolean caused(Throwable e) {
        for (var cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedPipe) {
                return true;
            }
        }
        return false;
    }

    /// Turns a failed write into [ClosedPipe], or into an [UncheckedIOException] if it failed for another reason.
    static final class Detector extends FilterOutputStream {

        Detector(OutputStream out) {
            super(out);
        }

        @Override
        public void write(int b) {
            write(new byte[] {(byte) b}, 0, 1);
        }

        @Override
        public void write(byte[] bytes, int offset, int length) {
            try {
                out.write(bytes, offset, length);
            } catch (IOException e) {
                throw of(e);
            }
        }

        @Override
        public void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw of(e);
            }
        }
    }
}
