package org.sfumato.tensor;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;

/// An owner of tensors: closing it frees all that was made inside and not kept.
///
/// ```java
/// try (var scope = Scope.open("weights")) {
///     var w = scope.call(() -> Tensor.normal(Shape.of(256, 256), rng));   // lives until the scope closes
///     var y = Scope.result(() -> x.matmul(w).gelu());                     // temporaries are freed at once, y stays
/// }
/// ```
///
/// The current scope is bound to a piece of code, not to a thread; scopes nest. Outside every scope the garbage
/// collector frees, late, and counts a leak (see [Memory]). A scope may be used from several threads.
public final class Scope implements AutoCloseable {
    private static final ScopedValue<Scope> CURRENT = ScopedValue.newInstance();

    private final String name;
    private final Scope parent;
    private List<Storage> owned = new ArrayList<>();
    private int compactAt = 64;
    private boolean closed;

    private Scope(String name, Scope parent) {
        this.name = name;
        this.parent = parent;
    }

    /// A scope inside the current one; code runs in it by [#call] or [#run].
    ///
    /// @param name for messages
    public static Scope open(String name) {
        return new Scope(name, currentOrNull());
    }

    static Scope currentOrNull() {
        return CURRENT.isBound() ? CURRENT.get() : null;
    }

    /// Runs `body` with this scope as the current one.
    ///
    /// @throws IllegalStateException if the scope is closed
    public <T> T call(Supplier<T> body) {
        requireOpen();
        return ScopedValue.where(CURRENT, this).call(body::get);
    }

    /// Runs `body` with this scope as the current one.
    ///
    /// @throws IllegalStateException if the scope is closed
    public void run(Runnable body) {
        requireOpen();
        ScopedValue.where(CURRENT, this).run(body);
    }

    /// Runs `body` in a scope of its own and keeps nothing but its result.
    public static Tensor result(Supplier<Tensor> body) {
        return results(() -> new Tensor[] {body.get()})[0];
    }

    /// Runs `body` in a scope of its own and keeps nothing but its results.
    public static Tensor[] results(Supplier<Tensor[]> body) {
        try (var scope = open("result")) {
            var results = scope.call(body);
            for (var result : results) {
                if (result != null) {
                    scope.release(result.storage());
                }
            }
            return results;
        }
    }

    /// Runs `body` in a scope of its own and frees all that it made.
    public static void temporary(Runnable body) {
        try (var scope = open("temporary")) {
            scope.run(body);
        }
    }

    /// Hands `tensor` to the scope around this one, so that it outlives this one; nothing happens if it is not this
    /// scope's.
    public Tensor keep(Tensor tensor) {
        release(tensor.storage());
        return tensor;
    }

    /// True if closing this scope would free the memory of `tensor`.
    public boolean owns(Tensor tensor) {
        return tensor.storage().owner() == this;
    }

    private void release(Storage storage) {
        if (storage.owner() == this) {
            storage.adopt(parent);
        }
    }

    synchronized void own(Storage storage) {
        requireOpen();
        if (owned.size() >= compactAt) {  // a long-lived scope must not remember what was freed early
            owned.removeIf(s -> s.owner() != this || s.isFreed());
            compactAt = Math.max(64, 2 * owned.size());
        }
        owned.add(storage);
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("scope '" + name + "': used after it was closed");
        }
    }

    /// The number of tensors' memories that would be freed if the scope were closed now.
    public synchronized int size() {
        return (int) owned.stream().filter(s -> s.owner() == this && !s.isFreed()).count();
    }

    /// How many storages are on the list, freed ones included.
    synchronized int remembered() {
        return owned.size();
    }

    /// Frees all that was made in this scope and not kept, closed or handed on.
    ///
    /// @throws IllegalStateException if the scope was closed before
    @Override
    public synchronized void close() {
        requireOpen();
        closed = true;
        for (var storage : owned) {
            if (storage.owner() == this) {
                storage.free();
            }
        }
        owned = List.of();
    }

    @Override
    public String toString() {
        return "Scope[" + name + (closed ? ", closed]" : ", " + size() + " tensors]");
    }
}
