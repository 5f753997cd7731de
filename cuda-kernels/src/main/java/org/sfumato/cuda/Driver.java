package org.sfumato.cuda;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// One CUDA device, as little of it as the backend needs: memory, modules, launches. Addresses are the device's.
///
/// All calls act on one stream, in the order in which they are made; a launch and a copy within the device may return
/// before they have ended, the others may not. Calls may come from any thread, one at a time.
public interface Driver extends AutoCloseable {
    /// What kind of device it is.
    ///
    /// @param name as the driver gives it
    /// @param major of the compute capability, 8 of 8.6
    /// @param minor of the compute capability, 6 of 8.6
    /// @param multiprocessors how many there are
    /// @param bytes of its memory
    /// @param sharedBytes of shared memory that a block may ask for at a launch
    record Properties(String name, int major, int minor, int multiprocessors, long bytes, int sharedBytes) { }

    /// How many blocks, of how many threads, with how much dynamic shared memory.
    record Grid(int gridX, int gridY, int gridZ, int blockX, int blockY, int blockZ, int sharedBytes) {
        /// Blocks and threads in one direction, no dynamic shared memory.
        public static Grid of(int blocks, int threads) {
            return new Grid(blocks, 1, 1, threads, 1, 1, 0);
        }
    }

    /// What kind of device this is.
    Properties properties();

    /// Uninitialised memory, aligned to 256 bytes.
    ///
    /// @throws OutOfMemoryError if the device has none left
    long allocate(long bytes);

    /// Gives back what [#allocate] gave.
    void free(long address);

    /// Copies host memory to the device. The host's may change once this returns.
    void upload(MemorySegment from, long to);

    /// Copies the device's memory to the host, when all that was started has ended.
    void download(long from, MemorySegment to);

    /// Copies within the device.
    void copy(long from, long to, long bytes);

    /// Sets each byte of a stretch of the device's memory.
    void fill(long address, byte value, long bytes);

    /// Makes the kernels of a PTX text known.
    ///
    /// @param name for errors
    /// @return a handle of the module, for [#function]
    /// @throws IllegalArgumentException if the text is not valid, with the reason and the line
    long load(String name, String ptx);

    /// The handle of a kernel of a module, for [#launch].
    ///
    /// @throws IllegalArgumentException if the module has no such kernel
    long function(long module, String name);

    /// Starts a kernel.
    ///
    /// @param arguments the parameters one after another, each aligned to its size, as PTX lays out `.param` space
    void launch(long function, Grid grid, MemorySegment arguments);

    /// The vendor's library of matrix products, if it was found; it works on the same stream.
    default Optional<Products> products() {
        return Optional.empty();
    }

    /// Waits until all that was started has ended.
    ///
    /// @throws IllegalStateException if a kernel has failed
    void synchronize();

    /// Begins a graph: launches, fills and copies within the device are noted and do not run, until [#endCapture].
    ///
    /// Until then [#upload], [#download] and [#synchronize] throw [IllegalStateException].
    void beginCapture();

    /// Ends the graph.
    ///
    /// @return a handle of the graph, for [#replay] and [#discard]
    long endCapture();

    /// Starts all that a graph has noted, in order, with the arguments that were given then.
    void replay(long graph);

    /// Forgets a graph.
    void discard(long graph);

    @Override
    void close();
}
