package org.sfumato.cuda;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Layout;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.spi.Operand;

/// What one operation works with: the kernels, copies, and memory that is given back at its end.
final class Workspace implements AutoCloseable {
    private final Launcher launcher;
    private final Faults faults;
    private final long key;
    private final List<DeviceBuffer> buffers = new ArrayList<>();

    Workspace(Launcher launcher, Faults faults, long key) {
        this.launcher = launcher;
        this.faults = faults;
        this.key = key;
    }

    /// Where on the device the key of random numbers lies (seed, stream), or 0 if the operation's own counts.
    long key() {
        return key;
    }

    /// True if the compute capability of the device is `major.minor` or higher.
    boolean has(int major, int minor) {
        return launcher.has(major, minor);
    }

    /// The kernel `function` of the shipped module `module`.
    Kernel kernel(String module, String function) {
        return launcher.kernel(module, function);
    }

    /// The vendor's matrix products, if they are there.
    Optional<Products> products() {
        return launcher.products();
    }

    /// Uninitialised memory.
    DeviceBuffer bytes(long bytes) {
        var buffer = launcher.scratch(bytes);
        buffers.add(buffer);
        return buffer;
    }

    /// An uninitialised dense tensor.
    Operand make(DType dtype, Shape shape) {
        return new Operand(bytes(shape.count() * dtype.bytes()), dtype, Layout.dense(shape));
    }

    /// Sets a dense tensor to 0.
    void clear(Operand x) {
        launcher.clear(x.address(), x.spec().bytes());
    }

    /// `to = from` in its type, of any layouts.
    void copy(Operand from, Operand to) {
        CopyCuda.run(launcher, from, to);
    }

    /// `x` itself if it is dense, else a copy.
    Operand dense(Operand x) {
        return x.layout().isDense() ? x : copied(x, x.dtype());
    }

    /// The dense operands of `in`.
    Operand[] dense(Operand... in) {
        var dense = in.clone();
        for (int i = 0; i < in.length; i++) {
            dense[i] = dense(in[i]);
        }
        return dense;
    }

    /// `x` itself if it is of this type, else a dense copy.
    Operand as(DType dtype, Operand x) {
        return x.dtype() == dtype ? x : copied(x, dtype);
    }

    private Operand copied(Operand x, DType dtype) {
        var copy = make(dtype, x.shape());
        copy(x, copy);
        return copy;
    }

    /// `x` with its axes in another order, dense.
    Operand permuted(Operand x, int... axes) {
        return dense(new Operand(x.buffer(), x.dtype(), x.layout().permute(axes)));
    }

    /// Looks for an index outside [0, bound) that is not `ignored`; see [Faults].
    void look(String op, Operand index, long bound, long ignored) {
        faults.look(launcher, op, index, bound, ignored);
    }

    @Override
    public void close() {
        buffers.forEach(launcher::release);
    }
}
