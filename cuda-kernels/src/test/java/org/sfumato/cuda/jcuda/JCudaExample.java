package org.sfumato.cuda.jcuda;

import static jcuda.driver.JCudaDriver.cuCtxSynchronize;
import static jcuda.driver.JCudaDriver.cuMemsetD32;

import jcuda.driver.JCudaDriver;
import org.sfumato.tensor.Backends;
import org.sfumato.tensor.DType;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Scope;
import org.sfumato.tensor.Shape;
import org.sfumato.tensor.Tensor;

/// A program that uses JCuda itself, on the memory of a tensor: fills it and lets the library add up.
public final class JCudaExample {
    private JCudaExample() { }

    public static void main(String[] args) {
        var device = Device.of("cuda");
        if (!Backends.devices().contains(device)) {
            System.out.println("no CUDA device: " + Backends.absent().get("cuda"));
            return;
        }
        JCudaDriver.setExceptionsEnabled(true);
        Scope.temporary(() -> {
            var x = Tensor.full(Shape.of(1000), 0, DType.F32, device);
            JCudaTensors.ready(device);                                 // our stream is done with x
            cuMemsetD32(JCudaTensors.pointer(x), Float.floatToRawIntBits(2), x.shape().count());
            cuCtxSynchronize();                                         // and so is JCuda's
            System.out.println("the sum is " + x.sum().item());
        });
    }
}
