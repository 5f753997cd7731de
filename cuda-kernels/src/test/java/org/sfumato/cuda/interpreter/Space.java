package org.sfumato.cuda.interpreter;

/// Memory as an instruction names it. An access returns the array of words in which it lies and leaves the index of its
/// first word in [Warp#at]; addresses are multiples of the access's size, so nothing but whole words or parts of one
/// word is touched. Generic addresses lie in windows: shared, local and parameter memory of the thread that asks, else
/// the device's.
sealed interface Space {
    int WINDOW = 40;
    long SHARED = 1L << WINDOW;
    long LOCAL = 2L << WINDOW;
    long PARAMETERS = 3L << WINDOW;

    int[] read(Warp warp, int lane, long address, int bytes);

    int[] write(Warp warp, int lane, long address, int bytes);

    /// An access that reads and writes at once.
    default int[] atomic(Warp warp, int lane, long address, int bytes) {
        return write(warp, lane, address, bytes);
    }

    /// A space of its own for each instruction: it remembers what the last access hit.
    static Space of(String name) {
        return switch (name) {
            case "global", "const" -> new Global();
            case "shared" -> new Shared();
            case "local" -> new Local();
            case "param" -> new Parameters();
            case "" -> new Generic(new Global(), new Shared(), new Local(), new Parameters());
            default -> throw new Opcode.Unknown("." + name + " is no known space");
        };
    }

    private static void aligned(Warp warp, int lane, long address, int bytes, String what) {
        if ((address & bytes - 1) != 0) {
            throw warp.fault(lane, "misaligned access to %s of %d bytes at 0x%x".formatted(what, bytes, address));
        }
    }

    /// Device memory.
    final class Global implements Space {
        private DeviceMemory.Allocation last = DeviceMemory.NONE;

        @Override
        public int[] read(Warp warp, int lane, long address, int bytes) {
            long offset = address - last.address;
            if (offset < 0 || offset + bytes > last.bytes()) {
                find(warp, lane, address, bytes, "load");
                offset = address - last.address;
            }
            if ((address & bytes - 1) != 0) {
                throw misaligned(warp, lane, address, bytes);
            }
            warp.at = (int) (offset >> 2);
            return last.words;
        }

        @Override
        public int[] write(Warp warp, int lane, long address, int bytes) {
            long offset = address - last.address;
            if (offset < 0 || offset + bytes > last.bytes()) {
                find(warp, lane, address, bytes, "store");
                offset = address - last.address;
            }
            if ((address & bytes - 1) != 0) {
                throw misaligned(warp, lane, address, bytes);
            } else if (last.constant) {
                throw warp.fault(lane, "store to constant memory at 0x%x".formatted(address));
            }
            warp.at = (int) (offset >> 2);
            return last.words;
        }

        private static Fault misaligned(Warp warp, int lane, long address, int bytes) {
            return warp.fault(lane, "misaligned access to device memory of %d bytes at 0x%x".formatted(bytes, address));
        }

        private void find(Warp warp, int lane, long address, int bytes, String what) {
            var memory = warp.block().launch().memory();
            last = memory.find(address, bytes);
            if (last.bytes() == 0) {
                throw warp.fault(lane, "%s out of bounds: %d bytes at 0x%x, which %s".formatted(what, bytes, address,
                        memory.where(address)));
            }
        }
    }

    /// Shared memory of the block.
    record Shared() implements Space {
        @Override
        public int[] read(Warp warp, int lane, long address, int bytes) {
            var shared = warp.block().shared();
            warp.at = shared.read(warp, lane, address, bytes);
            return shared.words;
        }

        @Override
        public int[] write(Warp warp, int lane, long address, int bytes) {
            var shared = warp.block().shared();
            warp.at = shared.write(warp, lane, address, bytes);
            return shared.words;
        }

        @Override
        public int[] atomic(Warp warp, int lane, long address, int bytes) {
            var shared = warp.block().shared();
            warp.at = shared.atomic(warp, lane, address, bytes);
            return shared.words;
        }
    }

    /// Memory of one thread.
    record Local() implements Space {
        @Override
        public int[] read(Warp warp, int lane, long address, int bytes) {
            int size = warp.block().launch().program().localBytes();
            aligned(warp, lane, address, bytes, "local memory");
            if (address < 0 || address + bytes > size) {
                throw warp.fault(lane, "access out of bounds: %d bytes at local address %d, of %d".formatted(bytes,
                        address, size));
            }
            warp.at = (int) (lane * size + address >> 2);
            return warp.local;
        }

        @Override
        public int[] write(Warp warp, int lane, long address, int bytes) {
            return read(warp, lane, address, bytes);
        }
    }

    /// The arguments of the kernel.
    record Parameters() implements Space {
        @Override
        public int[] read(Warp warp, int lane, long address, int bytes) {
            aligned(warp, lane, address, bytes, "parameters");
            int size = warp.block().launch().program().parameterBytes();
            if (address < 0 || address + bytes > size) {
                throw warp.fault(lane, "load out of bounds: %d bytes at %d of %d bytes of parameters".formatted(bytes,
                        address, size));
            }
            warp.at = (int) (address >> 2);
            return warp.block().launch().parameters();
        }

        @Override
        public int[] write(Warp warp, int lane, long address, int bytes) {
            throw warp.fault(lane, "store to the parameters of a kernel");
        }
    }

    /// Whatever the address says.
    record Generic(Global global, Shared shared, Local local, Parameters parameters) implements Space {
        private Space at(long address) {
            return switch ((int) (address >>> WINDOW)) {
                case 1 -> shared;
                case 2 -> local;
                case 3 -> parameters;
                default -> global;
            };
        }

        private static long inside(Space space, long address) {
            return space instanceof Global ? address : address & SHARED - 1;
        }

        @Override
        public int[] read(Warp warp, int lane, long address, int bytes) {
            var space = at(address);
            return space.read(warp, lane, inside(space, address), bytes);
        }

        @Override
        public int[] write(Warp warp, int lane, long address, int bytes) {
            var space = at(address);
            return space.write(warp, lane, inside(space, address), bytes);
        }

        @Override
        public int[] atomic(Warp warp, int lane, long address, int bytes) {
            var space = at(address);
            return space.atomic(warp, lane, inside(space, address), bytes);
        }
    }
}
