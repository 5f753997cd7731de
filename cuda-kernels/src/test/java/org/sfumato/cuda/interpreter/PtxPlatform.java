package org.sfumato.cuda.interpreter;

import org.sfumato.cuda.CudaBackend;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.tensor.spi.Platform;

/// The devices of the tests: the CUDA backend over the interpreter, of compute capability 8.0 but for `ptx:1`, which is
/// of 7.5. Graphs are captured on `ptx:3`, where nothing else happens. Every kernel that runs is the one that ships.
public final class PtxPlatform implements Platform {
    @Override
    public String name() {
        return "ptx";
    }

    @Override
    public Presence look() {
        return new Presence.Present(4);
    }

    @Override
    public Backend open(int index) {
        var driver = index == 1 ? InterpretedDriver.of(7, 5) : InterpretedDriver.of(8, 0);
        return new CudaBackend(new Device(name(), index), driver);
    }
}
