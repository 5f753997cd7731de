package org.sfumato.cuda.jcuda;

import jcuda.driver.CUdeviceptr;
import org.sfumato.cuda.CudaBackend;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Tensor;

/// Tensors in programs that call JCuda themselves. Both sides use the primary context of the device.
public final class JCudaTensors {
    private JCudaTensors() { }

    /// The first element of a tensor on a CUDA device, for JCuda, JCublas and own kernels. Call [#ready] before
    /// another stream than ours reads it, and wait for that stream before the library uses the tensor again. The
    /// pointer is of use as long as the tensor lives.
    ///
    /// @throws IllegalArgumentException if the tensor lies elsewhere or is not dense
    @SuppressWarnings("exports")                        // who calls it has JCuda
    public static CUdeviceptr pointer(Tensor tensor) {
        backend(tensor.device());
        var operand = tensor.operand();
        if (!operand.layout().isDense()) {
            throw new IllegalArgumentException("jcuda: the tensor is a view that is not dense, " + operand.layout()
                    + "\nhint: contiguous()");
        }
        return JCudaDriver.device(operand.address());
    }

    /// Waits until all that was started on the device has ended.
    public static void ready(Device device) {
        backend(device).synchronize();
    }

    private static CudaBackend backend(Device device) {
        if (Backends.of(device) instanceof CudaBackend backend) {
            return backend;
        }
        throw new IllegalArgumentException("jcuda: '" + device + "' is no CUDA device\nhint: to(Device.of(\"cuda\"))");
    }
}
