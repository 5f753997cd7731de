package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.CudaBackend;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Platform;

/// The devices of the tests: the CUDA backend over the interpreter. `ptx` and `ptx:2` are of compute capability 8.0,
/// `ptx:1` of 7.5. Every kernel that they run is the one that ships.
public final class PtxPlatform implements Platform {
    @Override
    public String name() {
        return "ptx";
    }

    @Override
    public Presence look() {
        return new Presence.Present(3);
    }

    @Override
    public Backend open(int index) {
        var driver = index == 1 ? InterpretedDriver.of(7, 5) : InterpretedDriver.of(8, 0);
        return new CudaBackend(new Device(name(), index), driver);
    }
}
