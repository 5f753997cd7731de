package org.sfumato.tensor.cpu;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// The engine on the processor: pooled native memory and the kernels of [CpuOps], which use SIMD and all cores.
/// An operation has ended when [#run] returns.
public final class CpuBackend implements Backend {
    private final HostPool pool = new HostPool();
    private final CpuOps ops = new CpuOps(pool);

    /// Found by the ServiceLoader.
    public CpuBackend() { }

    @Override
    public Device device() {
        return Device.CPU;
    }

    @Override
    public String describe() {
        return "%s, %d-bit vectors, %d threads, %d processors, %,d MiB of memory for tensors".formatted(
                processor(), 8 * Simd.BYTES, Parallel.threads(), Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory() >> 20);
    }

    private static String processor() {
        try (var lines = Files.lines(Path.of("/proc/cpuinfo"))) {
            var name = lines.filter(line -> line.startsWith("model name")).findFirst();
            if (name.isPresent()) {
                return name.get().substring(name.get().indexOf(':') + 1).strip();
            }
        } catch (IOException | RuntimeException _) {
            // not Linux: the name is not known
        }
        return "processor of unknown name";
    }

    @Override
    public Buffer allocate(long bytes) {
        return pool.allocate(bytes);
    }

    @Override
    public void free(Buffer buffer) {
        pool.free(buffer);
    }

    @Override
    public void trim() {
        pool.trim();
    }

    @Override
    public boolean takesHostMemory() {
        return true;
    }

    @Override
    public long reserved() {
        return pool.reserved();
    }

    @Override
    public void write(MemorySegment from, Buffer to, long offset) {
        MemorySegment.copy(from, 0, to.host(), offset, from.byteSize());
    }

    @Override
    public void read(Buffer from, long offset, MemorySegment to) {
        MemorySegment.copy(from.host(), offset, to, 0, to.byteSize());
    }

    @Override
    public boolean supports(Op op, Spec... in) {
        return ops.supports(op, in);
    }

    @Override
    public void run(Op op, Operand[] in, Operand[] out) {
        ops.run(op, in, out);
    }

    /// Nothing is ever under way.
    @Override
    public void synchronize() { }
}
