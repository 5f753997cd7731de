package org.sfumato.cuda.libcuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The functions of cuBLASLt 12 and 13 that are used, each with its C prototype.
///
/// Source: NVIDIA, "cuBLAS" documentation, chapter "Using the cuBLASLt API".
final class CublasLtFunctions {
    private static final List<String> NAMES = List.of("libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so",
            "cublasLt64_13.dll", "cublasLt64_12.dll");

    /// `cublasStatus_t cublasLtCreate(cublasLtHandle_t *lightHandle)`
    final NativeFunction cublasLtCreate;
    /// `cublasStatus_t cublasLtDestroy(cublasLtHandle_t lightHandle)`
    final NativeFunction cublasLtDestroy;
    /// `cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *matmulDesc, cublasComputeType_t computeType,`
    /// `cudaDataType_t scaleType)`
    final NativeFunction cublasLtMatmulDescCreate;
    /// `cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t matmulDesc,`
    /// `cublasLtMatmulDescAttributes_t attr, const void *buf, size_t sizeInBytes)`
    final NativeFunction cublasLtMatmulDescSetAttribute;
    /// `cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *matLayout, cudaDataType type, uint64_t rows,`
    /// `uint64_t cols, int64_t ld)`
    final NativeFunction cublasLtMatrixLayoutCreate;
    /// `cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t matLayout,`
    /// `cublasLtMatrixLayoutAttribute_t attr, const void *buf, size_t sizeInBytes)`
    final NativeFunction cublasLtMatrixLayoutSetAttribute;
    /// `cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *pref)`
    final NativeFunction cublasLtMatmulPreferenceCreate;
    /// `cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t pref,`
    /// `cublasLtMatmulPreferenceAttributes_t attr, const void *buf, size_t sizeInBytes)`
    final NativeFunction cublasLtMatmulPreferenceSetAttribute;
    /// `cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t lightHandle,`
    /// `cublasLtMatmulDesc_t operationDesc, cublasLtMatrixLayout_t Adesc, cublasLtMatrixLayout_t Bdesc,`
    /// `cublasLtMatrixLayout_t Cdesc, cublasLtMatrixLayout_t Ddesc, cublasLtMatmulPreference_t preference,`
    /// `int requestedAlgoCount, cublasLtMatmulHeuristicResult_t heuristicResultsArray[], int *returnAlgoCount)`
    final NativeFunction cublasLtMatmulAlgoGetHeuristic;
    /// `cublasStatus_t cublasLtMatmul(cublasLtHandle_t lightHandle, cublasLtMatmulDesc_t computeDesc,`
    /// `const void *alpha, const void *A, cublasLtMatrixLayout_t Adesc, const void *B, cublasLtMatrixLayout_t Bdesc,`
    /// `const void *beta, const void *C, cublasLtMatrixLayout_t Cdesc, void *D, cublasLtMatrixLayout_t Ddesc,`
    /// `const cublasLtMatmulAlgo_t *algo, void *workspace, size_t workspaceSizeInBytes, cudaStream_t stream)`
    final NativeFunction cublasLtMatmul;

    private CublasLtFunctions(NativeLibrary lib) {
        cublasLtCreate = lib.function("cublasLtCreate", "L");
        cublasLtDestroy = lib.function("cublasLtDestroy", "L");
        cublasLtMatmulDescCreate = lib.function("cublasLtMatmulDescCreate", "LII");
        cublasLtMatmulDescSetAttribute = lib.function("cublasLtMatmulDescSetAttribute", "LILL");
        cublasLtMatrixLayoutCreate = lib.function("cublasLtMatrixLayoutCreate", "LILLL");
        cublasLtMatrixLayoutSetAttribute = lib.function("cublasLtMatrixLayoutSetAttribute", "LILL");
        cublasLtMatmulPreferenceCreate = lib.function("cublasLtMatmulPreferenceCreate", "L");
        cublasLtMatmulPreferenceSetAttribute = lib.function("cublasLtMatmulPreferenceSetAttribute", "LILL");
        cublasLtMatmulAlgoGetHeuristic = lib.function("cublasLtMatmulAlgoGetHeuristic", "LLLLLLLILL");
        cublasLtMatmul = lib.function("cublasLtMatmul", "LLLLLLLLLLLLLLLL");
    }

    /// The functions of the library, if it is found: by the loader, in `folders`, where toolkits put it, or where pip
    /// does below `folders`.
    static Optional<CublasLtFunctions> find(List<Path> folders) {
        var all = new ArrayList<>(folders);
        all.add(Path.of("/usr/local/cuda/lib64"));
        folders.forEach(folder -> all.addAll(packages(folder)));
        return NativeLibrary.open(NAMES, all).map(CublasLtFunctions::new);
    }

    /// `python3*/site-packages/nvidia/*/lib`.
    private static List<Path> packages(Path lib) {
        var found = new ArrayList<Path>();
        try (var versions = Files.newDirectoryStream(lib, "python3*")) {
            for (var version : versions) {
                var nvidia = version.resolve("site-packages/nvidia");
                if (Files.isDirectory(nvidia)) {
                    try (var parts = Files.newDirectoryStream(nvidia)) {
                        parts.forEach(part -> found.add(part.resolve("lib")));
                    }
                }
            }
        } catch (IOException _) {
            // no such environment: nothing to add
        }
        return found;
    }
}
