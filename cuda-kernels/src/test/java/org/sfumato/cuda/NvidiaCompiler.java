package org.sfumato.cuda;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompileResult;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;

/// NVIDIA's own compiler of PTX, as JCuda brings it: no device, no driver and no toolkit are needed.
final class NvidiaCompiler {
    private NvidiaCompiler() { }

    /// Why it cannot be used here, if it cannot.
    static Optional<String> missing() {
        try {
            JNvPTXCompiler.nvPTXCompilerGetVersion(new int[1], new int[1]);
            return Optional.empty();
        } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
            return Optional.of("NVIDIA's compiler does not load here: " + e.getMessage());
        }
    }

    /// Compiles for a device of `architecture`, as `sm_80`; what the compiler says against it, or nothing.
    static String errors(String ptx, String architecture) {
        var handle = new nvPTXCompilerHandle();
        var bytes = (ptx + "\0").getBytes(StandardCharsets.UTF_8);
        check(JNvPTXCompiler.nvPTXCompilerCreate(handle, bytes.length, bytes), "create");
        try {
            var options = new String[] {"--gpu-name=" + architecture, "--opt-level=0"};    // only errors count
            int result = JNvPTXCompiler.nvPTXCompilerCompile(handle, options.length, options);
            return result == nvPTXCompileResult.NVPTXCOMPILE_SUCCESS ? ""
                    : nvPTXCompileResult.stringFor(result) + " for " + architecture + ": " + log(handle);
        } finally {
            JNvPTXCompiler.nvPTXCompilerDestroy(handle);
        }
    }

    private static String log(nvPTXCompilerHandle handle) {
        var size = new long[1];
        check(JNvPTXCompiler.nvPTXCompilerGetErrorLogSize(handle, size), "size of the log");
        var text = new byte[(int) size[0] + 1];
        check(JNvPTXCompiler.nvPTXCompilerGetErrorLog(handle, text), "log");
        return new String(text, StandardCharsets.UTF_8).strip();
    }

    private static void check(int result, String what) {
        if (result != nvPTXCompileResult.NVPTXCOMPILE_SUCCESS) {
            throw new IllegalStateException("compiler: " + what + ": " + nvPTXCompileResult.stringFor(result));
        }
    }
}
