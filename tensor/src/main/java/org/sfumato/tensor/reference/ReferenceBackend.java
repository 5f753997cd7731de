package org.sfumato.tensor.reference;

import java.lang.foreign.MemorySegment;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Spec;
import org.sfumato.tensor.op.ArgReduce;
import org.sfumato.tensor.op.Cast;
import org.sfumato.tensor.op.Concat;
import org.sfumato.tensor.op.Copy;
import org.sfumato.tensor.op.CustomOp;
import org.sfumato.tensor.op.Fused;
import org.sfumato.tensor.op.Index;
import org.sfumato.tensor.op.MatMul;
import org.sfumato.tensor.op.Op;
import org.sfumato.tensor.op.Pointwise;
import org.sfumato.tensor.op.Reduce;
import org.sfumato.tensor.op.Scan;
import org.sfumato.tensor.op.Sort;
import org.sfumato.tensor.op.Source;
import org.sfumato.tensor.op.TopK;
import org.sfumato.tensor.op.Triangle;
import org.sfumato.tensor.op.Unslice;
import org.sfumato.tensor.op.View;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Buffer;
import org.sfumato.tensor.spi.HostPool;
import org.sfumato.tensor.spi.Operand;

/// The device `reference`: what each operation means, in plain loops on one thread, against which every other device is
/// checked.
///
/// Arithmetic is in float64, or in 64-bit integers where no operand is floating, and is rounded to the type of the
/// result at the end. Fused operations have no kernels here: their compositions run.
public final class ReferenceBackend implements Backend {
    private final HostPool pool = new HostPool();

    /// Called by the ServiceLoader.
    public ReferenceBackend() { }

    @Override
    public Device device() {
        return Device.REFERENCE;
    }

    @Override
    public String describe() {
        return "plain loops in float64, one thread";
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
        return switch (op) {
            case Pointwise _, Cast _, Reduce _, ArgReduce _, Unslice _, Copy _, Concat _, MatMul _, Index _, Scan _,
                 Sort _, TopK _, Triangle _, Source _ -> true;
            case View _, Fused _, CustomOp _ -> false;
        };
    }

    @Override
    public void run(Op op, Operand[] in, Operand[] out) {
        switch (op) {
            case Pointwise p -> PointwiseLoops.run(p, in, out);
            case Cast _, Copy _ -> MovementLoops.copy(in[0], out[0]);
            case Reduce r -> ReduceLoops.run(r, in[0], out[0]);
            case ArgReduce a -> ReduceLoops.run(a, in[0], out[0]);
            case Unslice u -> MovementLoops.run(u, in[0], out[0]);
            case Concat c -> MovementLoops.run(c, in, out[0]);
            case MatMul _ -> MatMulLoops.run(in, out[0]);
            case Index i -> IndexLoops.run(i, in, out[0]);
            case Scan s -> ReduceLoops.run(s, in[0], out[0]);
            case Sort s -> OrderLoops.run(s, in[0], out);
            case TopK t -> OrderLoops.run(t, in[0], out);
            case Triangle t -> MovementLoops.run(t, in[0], out[0]);
            case Source s -> SourceLoops.run(s, out[0]);
            case View _, Fused _, CustomOp _ ->
                throw new IllegalArgumentException(op.name()
                        + ": has no kernel on the device 'reference', which runs its composition");
        }
    }

    /// Nothing: every operation ends before [#run] returns.
    @Override
    public void synchronize() { }
}
