package org.sfumato.models.hub;

import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/// The content of an answer, piece by piece; a server that falls silent is an error. (The timeout of the HTTP client
/// ends with the headers.)
final class Body implements Flow.Subscriber<List<ByteBuffer>>, AutoCloseable {
    private static final int AHEAD = 4;

    private final BlockingQueue<Event> events = new LinkedBlockingQueue<>();
    private final String host;
    private final Duration silence;
    private Flow.Subscription subscription;
    private boolean closed;

    private sealed interface Event {
        record Data(List<ByteBuffer> pieces) implements Event { }

        record End(Optional<Throwable> failure) implements Event { }
    }

    Body(String host, Duration silence) {
        this.host = host;
        this.silence = silence;
    }

    @Override
    public synchronized void onSubscribe(Flow.Subscription given) {
        subscription = given;
        if (closed) {
            given.cancel();
        } else {
            given.request(AHEAD);
        }
    }

    @Override
    public void onNext(List<ByteBuffer> pieces) {
        events.add(new Event.Data(pieces));
    }

    @Override
    public void onError(Throwable failure) {
        events.add(new Event.End(Optional.of(failure)));
    }

    @Override
    public void onComplete() {
        events.add(new Event.End(Optional.empty()));
    }

    /// What came next, or nothing at the end.
    ///
    /// @throws NetworkException if the connection breaks or nothing comes for too long
    /// @throws InterruptedIOException if this thread is interrupted
    List<ByteBuffer> next() throws NetworkException, InterruptedIOException {
        try {
            return switch (events.poll(silence.toMillis(), TimeUnit.MILLISECONDS)) {
                case null -> throw new NetworkException(host + " sent nothing for " + silence.toSeconds() + " s", null);
                case Event.Data data -> {
                    subscription.request(1);
                    yield data.pieces();
                }
                case Event.End end when end.failure().isPresent() ->
                    throw new NetworkException("the connection to " + host + " broke", end.failure().get());
                case Event.End _ -> List.of();
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new InterruptedIOException("interrupted");
        }
    }

    /// Ends the connection if there is more to come.
    @Override
    public synchronized void close() {
        closed = true;
        if (subscription != null) {
            subscription.cancel();
        }
    }
}
