package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.CudaBackend;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Platform;

/// The devices `ptx` and `ptx:1` of the tests: the CUDA backend over the interpreter, as of compute capability 8.0 and
/// 7.5. Every kernel that they run is the one that ships.
public final class PtxPlatform implements Platform {
    @Override
    public String name() {
        return "ptx";
    }

    @Override
    public Presence look() {
        return new Presence.Present(2);
    }

    @Override
    public Backend open(int index) {
        var driver = index == 0 ? InterpretedDriver.of(8, 0) : InterpretedDriver.of(7, 5);
        return new CudaBackend(new Device(name(), index), driver);
    }
}
