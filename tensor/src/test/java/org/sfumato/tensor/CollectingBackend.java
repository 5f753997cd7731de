package org.sfumato.tensor;

import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.reference.ReferenceBackend;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.Operand;

/// A device that collects garbage in the midst of every operation and says so if that freed an input.
/// In [MemoryTest] it is found by the ServiceLoader of a child JVM.
public final class CollectingBackend implements Backend {
    private final Backend plain = new ReferenceBackend();
    private final Set<Buffer> freed = ConcurrentHashMap.newKeySet();

    /// Called by the ServiceLoader.
    public CollectingBackend() { }

    /// Adds tensors that nobody holds, outside every scope.
    public static void main(String[] arguments) {
        for (int i = 0; i < 3; i++) {
            var sum = Tensor.of(1f, 1f).add(Tensor.of(2f, 2f)).sum();
            System.out.println("sum " + sum.item());
        }
        var target = Tensor.of(0f, 0f);
        target.assign(Tensor.of(3f, 3f));
        System.out.println("assigned " + target.toFloats()[1]);
    }

    private void collect(Buffer... used) {
        for (int i = 0; i < 3; i++) {
            System.gc();
            try {
                Thread.sleep(15);                               // the cleaner has a thread of its own
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
        for (var buffer : used) {
            if (freed.contains(buffer)) {
                throw new IllegalStateException("freed while in use");
            }
        }
    }

    @Override
    public void run(Op op, Operand[] in, Operand[] out) {
        collect(java.util.stream.Stream.of(in).map(Operand::buffer).toArray(Buffer[]::new));
        collect(java.util.stream.Stream.of(out).map(Operand::buffer).toArray(Buffer[]::new));
        plain.run(op, in, out);
    }

    @Override
    public void read(Buffer from, long offset, MemorySegment to) {
        collect(from);
        plain.read(from, offset, to);
    }

    @Override
    public void free(Buffer buffer) {
        freed.add(buffer);                                      // and never given out again
    }

    @Override
    public Device device() {
        return new Device("collecting", 0);
    }

    @Override
    public String describe() {
        return "collects garbage";
    }

    @Override
    public Buffer allocate(long bytes) {
        return plain.allocate(bytes);
    }

    @Override
    public void trim() { }

    @Override
    public long reserved() {
        return plain.reserved();
    }

    @Override
    public void write(MemorySegment from, Buffer to, long offset) {
        collect(to);
        plain.write(from, to, offset);
    }

    @Override
    public boolean supports(Op op, Spec... in) {
        return plain.supports(op, in);
    }

    @Override
    public void synchronize() { }
}
