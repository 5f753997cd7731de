package org.sfumato.cuda.interpreter;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sfumato.cuda.Driver;

/// A CUDA device that interprets PTX: every launch runs at once, on this thread, with all its checks. What a kernel may
/// not do is a [Fault] that names kernel, block, thread and line; so is what the host may not ask for.
public final class InterpretedDriver implements Driver {
    private static final long MEMORY = 1L << 30;
    private static final int MOST_BLOCKS = 64;

    private final Properties properties;
    private final DeviceMemory memory;
    private final List<Map<String, Program>> modules = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    private final List<Program> kernels = new ArrayList<>();
    /// Blocks of the latest launches, by function, the latest last.
    private final LinkedHashMap<Long, Block> blocks = new LinkedHashMap<>();
    private final Map<Long, List<Runnable>> graphs = new HashMap<>();
    private List<Runnable> capture;
    private long nextGraph = 1;
    private long executed;

    private InterpretedDriver(Properties properties) {
        this.properties = properties;
        memory = new DeviceMemory(properties.bytes());
    }

    /// A device of compute capability `major.minor` with the shared memory that such devices have.
    public static InterpretedDriver of(int major, int minor) {
        int shared = switch (10 * major + minor) {
            case 75 -> 64;
            case 80, 87 -> 163;
            case 86, 89 -> 99;
            default -> 227;
        };
        return new InterpretedDriver(new Properties("PTX interpreter", major, minor, 2, MEMORY, shared << 10));
    }

    @Override
    public Properties properties() {
        return properties;
    }

    @Override
    public long allocate(long bytes) {
        return memory.allocate(bytes, false);
    }

    @Override
    public void free(long address) {
        memory.free(address);
    }

    @Override
    public void upload(MemorySegment from, long to) {
        notCapturing("upload");
        memory.segment(to, from.byteSize(), "upload").copyFrom(from);
    }

    @Override
    public void download(long from, MemorySegment to) {
        notCapturing("download");
        to.copyFrom(memory.segment(from, to.byteSize(), "download"));
    }

    @Override
    public void copy(long from, long to, long bytes) {
        act(() -> memory.segment(to, bytes, "copy").copyFrom(memory.segment(from, bytes, "copy")));
    }

    @Override
    public void fill(long address, byte value, long bytes) {
        act(() -> memory.segment(address, bytes, "fill").fill(value));
    }

    @Override
    public long load(String name, String ptx) {
        var module = Parser.parse(new Source(name, ptx));
        var addresses = new HashMap<String, Long>();
        for (var variable : module.variables().values()) {
            if (!variable.space().equals("shared")) {
                addresses.put(variable.name(), place(variable));
            }
        }
        var programs = new HashMap<String, Program>();
        for (var function : module.functions().values()) {
            if (function.kernel()) {
                programs.put(function.name(), Assembler.assemble(module, addresses, function));
            }
        }
        modules.add(programs);
        names.add(name);
        return modules.size() - 1;
    }

    private long place(Item.Variable variable) {
        long address = memory.allocate(variable.bytes(), variable.space().equals("const"));
        var bytes = memory.segment(address, variable.bytes(), "initial value");
        bytes.fill((byte) 0);
        MemorySegment.copy(MemorySegment.ofArray(variable.initial()), 0, bytes, 0, variable.initial().length);
        return address;
    }

    @Override
    public long function(long module, String name) {
        var program = modules.get((int) module).get(name);
        if (program == null) {
            throw new IllegalArgumentException("%s has no kernel '%s'\nhint: it has %s".formatted(
                    names.get((int) module), name, modules.get((int) module).keySet()));
        }
        kernels.add(program);
        return kernels.size() - 1;
    }

    @Override
    public void launch(long function, Grid grid, MemorySegment arguments) {
        var program = kernels.get((int) function);
        var launch = new Launch(program, memory, grid, arguments, properties.sharedBytes());
        act(() -> run(launch, function));
    }

    private void run(Launch launch, long function) {
        // A block that a fault has stopped is not used again: where its threads are is of no meaning.
        var block = launch.run(Optional.ofNullable(blocks.remove(function)));
        blocks.put(function, block);
        executed += block.executed();
        if (blocks.size() > MOST_BLOCKS) {
            blocks.pollFirstEntry();
        }
    }

    @Override
    public void synchronize() {
        notCapturing("synchronize");
    }

    /// Does `action`, or notes it while a graph is captured.
    private void act(Runnable action) {
        if (capture != null) {
            capture.add(action);
        } else {
            action.run();
        }
    }

    private void notCapturing(String what) {
        if (capture != null) {
            throw new IllegalStateException(what + ": a graph is being captured");
        }
    }

    @Override
    public void beginCapture() {
        notCapturing("beginCapture");
        capture = new ArrayList<>();
    }

    @Override
    public long endCapture() {
        if (capture == null) {
            throw new IllegalStateException("endCapture: no graph is being captured");
        }
        graphs.put(nextGraph, capture);
        capture = null;
        return nextGraph++;
    }

    @Override
    public void replay(long graph) {
        notCapturing("replay");
        var actions = graphs.get(graph);
        if (actions == null) {
            throw new IllegalStateException("replay: there is no graph " + graph);
        }
        actions.forEach(Runnable::run);
    }

    @Override
    public void discard(long graph) {
        graphs.remove(graph);
    }

    /// How many instructions threads have executed on this device.
    public long executed() {
        return executed;
    }

    @Override
    public void close() {
        modules.clear();
        kernels.clear();
        blocks.clear();
        graphs.clear();
    }
}
