package org.sfumato.cli;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;

/// Nobody reads standard output any more, as after `sfumato ... | head -1`: the work stops, and nothing is reported.
///
/// `PrintStream` swallows every `IOException`, hence an unchecked one that passes through it.
final class ClosedPipe extends RuntimeException {

    private static final long serialVersionUID = 1L;

    private ClosedPipe(IOException cause) {
        super("standard output is closed", cause);
    }

    static boolean caused(Throwable e) {
        for (var cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof ClosedPipe) {
                return true;
            }
        }
        return false;
    }

    /// Turns a failed write into [ClosedPipe].
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
                throw new ClosedPipe(e);
            }
        }

        @Override
        public void flush() {
            try {
                out.flush();
            } catch (IOException e) {
                throw new ClosedPipe(e);
            }
        }
    }
}
