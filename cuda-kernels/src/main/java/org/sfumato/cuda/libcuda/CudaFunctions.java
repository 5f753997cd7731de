package org.sfumato.cuda.libcuda;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// The functions of libcuda that are used, each with its C prototype. They are in every driver since CUDA 11.0; where a
/// function has a suffix, the header file `cuda.h` defines the plain name as the one with it.
///
/// Source: NVIDIA, "CUDA Driver API" reference.
final class CudaFunctions {
    private static final List<String> NAMES = List.of("libcuda.so.1", "libcuda.so", "nvcuda.dll");
    private static final List<Path> FOLDERS = List.of(Path.of("/usr/lib/wsl/lib"));       // Linux within Windows
    private static final int LONGEST_TEXT = 1024;

    /// `CUresult cuInit(unsigned int Flags)`
    final NativeFunction cuInit;
    /// `CUresult cuDriverGetVersion(int *driverVersion)`
    final NativeFunction cuDriverGetVersion;
    /// `CUresult cuGetErrorName(CUresult error, const char **pStr)`
    final NativeFunction cuGetErrorName;
    /// `CUresult cuGetErrorString(CUresult error, const char **pStr)`
    final NativeFunction cuGetErrorString;
    /// `CUresult cuDeviceGetCount(int *count)`
    final NativeFunction cuDeviceGetCount;
    /// `CUresult cuDeviceGet(CUdevice *device, int ordinal)`
    final NativeFunction cuDeviceGet;
    /// `CUresult cuDeviceGetName(char *name, int len, CUdevice dev)`
    final NativeFunction cuDeviceGetName;
    /// `CUresult cuDeviceGetAttribute(int *pi, CUdevice_attribute attrib, CUdevice dev)`
    final NativeFunction cuDeviceGetAttribute;
    /// `CUresult cuDeviceTotalMem_v2(size_t *bytes, CUdevice dev)`
    final NativeFunction cuDeviceTotalMem;
    /// `CUresult cuDevicePrimaryCtxRetain(CUcontext *pctx, CUdevice dev)`
    final NativeFunction cuDevicePrimaryCtxRetain;
    /// `CUresult cuDevicePrimaryCtxRelease_v2(CUdevice dev)`
    final NativeFunction cuDevicePrimaryCtxRelease;
    /// `CUresult cuCtxSetCurrent(CUcontext ctx)`
    final NativeFunction cuCtxSetCurrent;
    /// `CUresult cuMemGetInfo_v2(size_t *free, size_t *total)`
    final NativeFunction cuMemGetInfo;
    /// `CUresult cuMemAlloc_v2(CUdeviceptr *dptr, size_t bytesize)`
    final NativeFunction cuMemAlloc;
    /// `CUresult cuMemFree_v2(CUdeviceptr dptr)`
    final NativeFunction cuMemFree;
    /// `CUresult cuMemHostAlloc(void **pp, size_t bytesize, unsigned int Flags)`
    final NativeFunction cuMemHostAlloc;
    /// `CUresult cuMemFreeHost(void *p)`
    final NativeFunction cuMemFreeHost;
    /// `CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr dst, const void *src, size_t count, CUstream stream)`
    final NativeFunction cuMemcpyHtoDAsync;
    /// `CUresult cuMemcpyDtoHAsync_v2(void *dst, CUdeviceptr src, size_t count, CUstream stream)`
    final NativeFunction cuMemcpyDtoHAsync;
    /// `CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr dst, CUdeviceptr src, size_t count, CUstream stream)`
    final NativeFunction cuMemcpyDtoDAsync;
    /// `CUresult cuMemsetD8Async(CUdeviceptr dst, unsigned char uc, size_t N, CUstream stream)`
    final NativeFunction cuMemsetD8Async;
    /// `CUresult cuStreamCreate(CUstream *phStream, unsigned int Flags)`
    final NativeFunction cuStreamCreate;
    /// `CUresult cuStreamDestroy_v2(CUstream stream)`
    final NativeFunction cuStreamDestroy;
    /// `CUresult cuStreamSynchronize(CUstream stream)`
    final NativeFunction cuStreamSynchronize;
    /// `CUresult cuEventCreate(CUevent *phEvent, unsigned int Flags)`
    final NativeFunction cuEventCreate;
    /// `CUresult cuEventDestroy_v2(CUevent event)`
    final NativeFunction cuEventDestroy;
    /// `CUresult cuEventRecord(CUevent event, CUstream stream)`
    final NativeFunction cuEventRecord;
    /// `CUresult cuEventSynchronize(CUevent event)`
    final NativeFunction cuEventSynchronize;
    /// `CUresult cuModuleLoadDataEx(CUmodule *module, const void *image, unsigned int numOptions,`
    /// `CUjit_option *options, void **optionValues)`
    final NativeFunction cuModuleLoadDataEx;
    /// `CUresult cuModuleUnload(CUmodule module)`
    final NativeFunction cuModuleUnload;
    /// `CUresult cuModuleGetFunction(CUfunction *function, CUmodule module, const char *name)`
    final NativeFunction cuModuleGetFunction;
    /// `CUresult cuFuncSetAttribute(CUfunction function, CUfunction_attribute attrib, int value)`
    final NativeFunction cuFuncSetAttribute;
    /// `CUresult cuLaunchKernel(CUfunction f, unsigned int gridDimX, unsigned int gridDimY, unsigned int gridDimZ,`
    /// `unsigned int blockDimX, unsigned int blockDimY, unsigned int blockDimZ, unsigned int sharedMemBytes,`
    /// `CUstream stream, void **kernelParams, void **extra)`
    final NativeFunction cuLaunchKernel;
    /// `CUresult cuStreamBeginCapture_v2(CUstream stream, CUstreamCaptureMode mode)`
    final NativeFunction cuStreamBeginCapture;
    /// `CUresult cuStreamEndCapture(CUstream stream, CUgraph *phGraph)`
    final NativeFunction cuStreamEndCapture;
    /// `CUresult cuGraphInstantiateWithFlags(CUgraphExec *phGraphExec, CUgraph graph, unsigned long long flags)`
    final NativeFunction cuGraphInstantiateWithFlags;
    /// `CUresult cuGraphLaunch(CUgraphExec graphExec, CUstream stream)`
    final NativeFunction cuGraphLaunch;
    /// `CUresult cuGraphExecDestroy(CUgraphExec graphExec)`
    final NativeFunction cuGraphExecDestroy;
    /// `CUresult cuGraphDestroy(CUgraph graph)`
    final NativeFunction cuGraphDestroy;

    private CudaFunctions(NativeLibrary lib) {
        cuInit = lib.function("cuInit", "I");
        cuDriverGetVersion = lib.function("cuDriverGetVersion", "L");
        cuGetErrorName = lib.function("cuGetErrorName", "IL");
        cuGetErrorString = lib.function("cuGetErrorString", "IL");
        cuDeviceGetCount = lib.function("cuDeviceGetCount", "L");
        cuDeviceGet = lib.function("cuDeviceGet", "LI");
        cuDeviceGetName = lib.function("cuDeviceGetName", "LII");
        cuDeviceGetAttribute = lib.function("cuDeviceGetAttribute", "LII");
        cuDeviceTotalMem = lib.function("cuDeviceTotalMem_v2", "LI");
        cuDevicePrimaryCtxRetain = lib.function("cuDevicePrimaryCtxRetain", "LI");
        cuDevicePrimaryCtxRelease = lib.function("cuDevicePrimaryCtxRelease_v2", "I");
        cuCtxSetCurrent = lib.function("cuCtxSetCurrent", "L");
        cuMemGetInfo = lib.function("cuMemGetInfo_v2", "LL");
        cuMemAlloc = lib.function("cuMemAlloc_v2", "LL");
        cuMemFree = lib.function("cuMemFree_v2", "L");
        cuMemHostAlloc = lib.function("cuMemHostAlloc", "LLI");
        cuMemFreeHost = lib.function("cuMemFreeHost", "L");
        cuMemcpyHtoDAsync = lib.function("cuMemcpyHtoDAsync_v2", "LLLL");
        cuMemcpyDtoHAsync = lib.function("cuMemcpyDtoHAsync_v2", "LLLL");
        cuMemcpyDtoDAsync = lib.function("cuMemcpyDtoDAsync_v2", "LLLL");
        cuMemsetD8Async = lib.function("cuMemsetD8Async", "LBLL");
        cuStreamCreate = lib.function("cuStreamCreate", "LI");
        cuStreamDestroy = lib.function("cuStreamDestroy_v2", "L");
        cuStreamSynchronize = lib.function("cuStreamSynchronize", "L");
        cuEventCreate = lib.function("cuEventCreate", "LI");
        cuEventDestroy = lib.function("cuEventDestroy_v2", "L");
        cuEventRecord = lib.function("cuEventRecord", "LL");
        cuEventSynchronize = lib.function("cuEventSynchronize", "L");
        cuModuleLoadDataEx = lib.function("cuModuleLoadDataEx", "LLILL");
        cuModuleUnload = lib.function("cuModuleUnload", "L");
        cuModuleGetFunction = lib.function("cuModuleGetFunction", "LLL");
        cuFuncSetAttribute = lib.function("cuFuncSetAttribute", "LII");
        cuLaunchKernel = lib.function("cuLaunchKernel", "LIIIIIIILLL");
        cuStreamBeginCapture = lib.function("cuStreamBeginCapture_v2", "LI");
        cuStreamEndCapture = lib.function("cuStreamEndCapture", "LL");
        cuGraphInstantiateWithFlags = lib.function("cuGraphInstantiateWithFlags", "LLL");
        cuGraphLaunch = lib.function("cuGraphLaunch", "LL");
        cuGraphExecDestroy = lib.function("cuGraphExecDestroy", "L");
        cuGraphDestroy = lib.function("cuGraphDestroy", "L");
    }

    /// The functions of this machine's driver, if it has one.
    static Optional<CudaFunctions> find() {
        return NativeLibrary.open(NAMES, FOLDERS).map(CudaFunctions::new);
    }

    /// What a result means: its name and a sentence.
    String describe(int result) {
        try (var arena = Arena.ofConfined()) {
            var place = arena.allocate(ValueLayout.JAVA_LONG);
            if (cuGetErrorName.call(result, place.address()) != 0) {
                return "CUDA error " + result;
            }
            var name = text(place.get(ValueLayout.JAVA_LONG, 0));
            cuGetErrorString.call(result, place.address());
            return name + ", " + text(place.get(ValueLayout.JAVA_LONG, 0));
        }
    }

    @SuppressWarnings("restricted")
    private static String text(long address) {
        return MemorySegment.ofAddress(address).reinterpret(LONGEST_TEXT).getString(0);
    }

    /// The version of CUDA that the driver supports, as 12040 for 12.4.
    int version() {
        return number(cuDriverGetVersion);
    }

    /// The number of devices, after `cuInit`.
    int devices() {
        return number(cuDeviceGetCount);
    }

    private int number(NativeFunction function) {
        try (var arena = Arena.ofConfined()) {
            var place = arena.allocate(ValueLayout.JAVA_INT);
            check(function.call(place.address()), "asking the driver");
            return place.get(ValueLayout.JAVA_INT, 0);
        }
    }

    /// @throws IllegalStateException if `result` is not success
    void check(int result, String what) {
        if (result != 0) {
            throw new IllegalStateException("cuda: " + what + ": " + describe(result));
        }
    }
}
