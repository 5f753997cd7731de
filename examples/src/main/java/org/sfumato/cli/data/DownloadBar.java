package org.sfumato.cli.data;

import java.util.HashMap;
import java.util.Map;
import org.sfumato.cli.shared.Common;
import org.sfumato.cli.shared.Progress;
import org.sfumato.models.hub.Download;
import org.sfumato.models.hub.RemoteFile;

/// One bar for a few files, in megabytes, or kilobytes where there are few.
final class DownloadBar implements Download.Listener, AutoCloseable {
    private static final long MEGABYTE = 1_000_000;
    private static final long FEW = 10 * MEGABYTE;

    private final Map<String, Long> loaded = new HashMap<>();
    private final long unit;
    private final long total;
    private final Progress progress;
    private long sum;

    DownloadBar(Common common, long bytes) {
        unit = bytes < FEW ? 1000 : MEGABYTE;
        total = Math.max(1, Math.ceilDiv(bytes, unit));
        progress = Progress.start(common.err(), "get", total, unit == MEGABYTE ? "MB" : "kB");
    }

    @Override
    public void at(RemoteFile file, long bytes) {
        sum += bytes - loaded.getOrDefault(file.name(), 0L);
        loaded.put(file.name(), bytes);
        progress.update(Math.min(total, Math.ceilDiv(sum, unit)), file.name());
    }

    @Override
    public void close() {
        progress.close();
    }
}
