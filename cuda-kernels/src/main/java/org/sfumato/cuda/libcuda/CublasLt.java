package org.sfumato.cuda.libcuda;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.sfumato.cuda.Products;
import org.sfumato.tensor.DType;

/// Matrix products by cuBLASLt, as [ColumnProduct] puts them. What it finds best for a shape is kept.
final class CublasLt implements Products {
    private static final long WORKSPACE = 32L << 20;
    private static final int CUBLAS_OP_N = 0;
    private static final int CUBLAS_OP_T = 1;
    private static final int CUBLAS_COMPUTE_32F = 68;
    private static final int CUBLAS_COMPUTE_64F = 70;
    private static final int CUDA_R_32F = 0;
    private static final int CUDA_R_64F = 1;
    private static final int CUDA_R_16F = 2;
    private static final int CUDA_R_16BF = 14;
    private static final int CUBLASLT_MATMUL_DESC_TRANSA = 3;
    private static final int CUBLASLT_MATMUL_DESC_TRANSB = 4;
    private static final int CUBLASLT_MATMUL_DESC_EPILOGUE = 7;
    private static final int CUBLASLT_MATMUL_DESC_BIAS_POINTER = 8;
    private static final int CUBLASLT_EPILOGUE_BIAS = 4;
    private static final int CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT = 5;
    private static final int CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET = 6;
    private static final int CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES = 1;
    /// Of A, B, C and D.
    private static final int[] CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_BYTES = {5, 6, 7, 8};
    /// `cublasLtMatmulHeuristicResult_t`: 64 bytes of the algorithm, then the size of its workspace (8 bytes), its
    /// state (4), and what is not read.
    private static final long RESULT_BYTES = 96;
    private static final long RESULT_STATE = 72;

    private final CublasLtFunctions lt;
    private final long stream;
    private final long workspace;
    private final long handle;
    private final Arena arena = Arena.ofShared();
    private final MemorySegment cell = arena.allocate(JAVA_LONG);
    private final MemorySegment one = arena.allocate(JAVA_LONG);
    private final MemorySegment zero = arena.allocate(JAVA_LONG);
    private final Map<Shape, Plan> plans = new HashMap<>();

    /// What is needed for products of one shape; `algorithm` is empty if the library has none.
    private record Plan(long operation, long a, long b, long c, MemorySegment algorithm) { }

    /// With the context of `stream` current; `workspace` is 32 MiB of the device's memory.
    CublasLt(CublasLtFunctions lt, long stream, long workspace) {
        this.lt = lt;
        this.stream = stream;
        this.workspace = workspace;
        check(lt.cublasLtCreate.call(cell.address()), "start");
        this.handle = cell.get(JAVA_LONG, 0);
    }

    static long workspaceBytes() {
        return WORKSPACE;
    }

    private static void check(int status, String what) {
        if (status != 0) {
            throw new IllegalStateException("cublasLt: " + what + ": status " + status);
        }
    }

    @Override
    public boolean supports(Shape shape) {
        return shape.type().isFloating() && ColumnProduct.isMatrix(shape.a(), shape.m(), shape.k())
                && ColumnProduct.isMatrix(shape.b(), shape.k(), shape.n()) && plan(shape).algorithm.byteSize() > 0;
    }

    private Plan plan(Shape shape) {
        var plan = plans.get(shape);
        if (plan == null) {
            plan = make(shape);
            plans.put(shape, plan);
        }
        return plan;
    }

    private Plan make(Shape shape) {
        boolean wide = shape.type() == DType.F64;
        check(lt.cublasLtMatmulDescCreate.call(cell.address(), wide ? CUBLAS_COMPUTE_64F : CUBLAS_COMPUTE_32F,
                wide ? CUDA_R_64F : CUDA_R_32F), "description");
        long operation = cell.get(JAVA_LONG, 0);
        var product = ColumnProduct.of(shape);
        describe(operation, CUBLASLT_MATMUL_DESC_TRANSA, product.first().turned() ? CUBLAS_OP_T : CUBLAS_OP_N);
        describe(operation, CUBLASLT_MATMUL_DESC_TRANSB, product.second().turned() ? CUBLAS_OP_T : CUBLAS_OP_N);
        if (shape.bias()) {
            describe(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
        }
        long a = layout(shape, product.second());
        long b = layout(shape, product.first());
        long c = layout(shape, product.result());
        return new Plan(operation, a, b, c, best(operation, a, b, c));
    }

    private void describe(long operation, int attribute, int value) {
        cell.set(JAVA_INT, 0, value);
        check(lt.cublasLtMatmulDescSetAttribute.call(operation, attribute, cell.address(), (long) Integer.BYTES),
                "attribute " + attribute);
    }

    private long layout(Shape shape, ColumnProduct.Columns matrix) {
        int type = switch (shape.type()) {
            case F32 -> CUDA_R_32F;
            case F64 -> CUDA_R_64F;
            case BF16 -> CUDA_R_16BF;
            case F16 -> CUDA_R_16F;
            case I64, I32, BOOL -> throw new IllegalArgumentException("cublasLt: no products of " + shape.type());
        };
        check(lt.cublasLtMatrixLayoutCreate.call(cell.address(), type, matrix.rows(), matrix.columns(),
                matrix.leading()), "layout");
        long layout = cell.get(JAVA_LONG, 0);
        if (shape.batch() > 1) {
            cell.set(JAVA_INT, 0, Math.toIntExact(shape.batch()));
            check(lt.cublasLtMatrixLayoutSetAttribute.call(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, cell.address(),
                    (long) Integer.BYTES), "number of matrices");
            cell.set(JAVA_LONG, 0, matrix.next());
            check(lt.cublasLtMatrixLayoutSetAttribute.call(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                    cell.address(), (long) Long.BYTES), "step between matrices");
        }
        return layout;
    }

    /// The algorithm that the library thinks fastest, or nothing.
    private MemorySegment best(long operation, long a, long b, long c) {
        check(lt.cublasLtMatmulPreferenceCreate.call(cell.address()), "preference");
        long preference = cell.get(JAVA_LONG, 0);
        cell.set(JAVA_LONG, 0, WORKSPACE);
        check(lt.cublasLtMatmulPreferenceSetAttribute.call(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                cell.address(), (long) Long.BYTES), "workspace");
        for (int attribute : CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_BYTES) {
            cell.set(JAVA_INT, 0, Products.ALIGNMENT);
            check(lt.cublasLtMatmulPreferenceSetAttribute.call(preference, attribute, cell.address(),
                    (long) Integer.BYTES), "alignment");
        }
        var result = arena.allocate(RESULT_BYTES, Long.BYTES);
        int status = lt.cublasLtMatmulAlgoGetHeuristic.call(new long[] {handle, operation, b, a, c, c, preference}, 1,
                result.address(), cell.address());
        boolean found = status == 0 && cell.get(JAVA_INT, 0) > 0 && result.get(JAVA_INT, RESULT_STATE) == 0;
        return found ? result : MemorySegment.NULL;
    }

    @Override
    public void multiply(Shape shape, long a, long b, long bias, long c) {
        var plan = plan(shape);
        if (shape.type() == DType.F64) {
            one.set(JAVA_DOUBLE, 0, 1);
        } else {
            one.set(JAVA_FLOAT, 0, 1);
        }
        if (shape.bias()) {
            cell.set(JAVA_LONG, 0, bias);
            check(lt.cublasLtMatmulDescSetAttribute.call(plan.operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
                    cell.address(), (long) Long.BYTES), "bias");
        }
        check(lt.cublasLtMatmul.call(new long[] {handle, plan.operation, one.address(), b, plan.b, a, plan.a,
            zero.address(), c, plan.c, c, plan.c, plan.algorithm.address(), workspace, WORKSPACE, stream}),
                "product of " + shape);
    }

    void close() {
        lt.cublasLtDestroy.call(handle);
        arena.close();
    }
}
