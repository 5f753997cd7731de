package org.sfumato.cli.shared;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Turns Ctrl-C, or a polite request to end, into a flag that a long job looks at; the JVM waits until the job has
/// saved.
public final class Interrupt implements AutoCloseable {
    private static final long PATIENCE_SECONDS = 60;

    /// Time for the job's thread to print what came of it, once it has saved.
    private static final long LAST_WORDS_MILLIS = 300;

    private final Thread job = Thread.currentThread();
    private final CountDownLatch ended = new CountDownLatch(1);
    private final Thread hook = new Thread(this::onShutdown, "sfumato-interrupt");
    private volatile boolean requested;

    public Interrupt() {
        Runtime.getRuntime().addShutdownHook(hook);
    }

    private void onShutdown() {
        requested = true;
        try {
            ended.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
            job.join(LAST_WORDS_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /// True once the job should come to its end.
    public boolean requested() {
        return requested;
    }

    /// The job has saved what it must.
    @Override
    public void close() {
        ended.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            requested = true;                                   // the JVM is on its way down
        }
    }
}
