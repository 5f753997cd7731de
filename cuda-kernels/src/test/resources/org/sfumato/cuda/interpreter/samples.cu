// Kernels for the tests of the interpreter: each uses something of PTX that the others do not.
//   nvcc -ptx -O3 -arch=compute_80 samples.cu -o - | sed 's/^\.version .*/.version 7.0/; /^[[:space:]]*\/\//d; /^[[:space:]]*$/d'
#include <cuda_bf16.h>

// Shuffles, shared memory, a floating atomic, a loop over the grid.
extern "C" __global__ void sum(const float* x, float* out, long n) {
    __shared__ float parts[32];
    float s = 0;
    for (long i = blockIdx.x * (long) blockDim.x + threadIdx.x; i < n; i += (long) gridDim.x * blockDim.x) s += x[i];
    for (int d = 16; d > 0; d /= 2) s += __shfl_down_sync(0xffffffff, s, d);
    if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = s;
    __syncthreads();
    if (threadIdx.x < 32) {
        s = threadIdx.x < blockDim.x / 32 ? parts[threadIdx.x] : 0;
        for (int d = 16; d > 0; d /= 2) s += __shfl_xor_sync(0xffffffff, s, d);
        if (threadIdx.x == 0) atomicAdd(out, s);
    }
}

// Tiles in two-dimensional shared arrays, edges guarded.
extern "C" __global__ void product(const float* a, const float* b, float* c, int m, int n, int k) {
    __shared__ float as[16][17], bs[16][16];
    int row = blockIdx.y * 16 + threadIdx.y, column = blockIdx.x * 16 + threadIdx.x;
    float sum = 0;
    for (int k0 = 0; k0 < k; k0 += 16) {
        as[threadIdx.y][threadIdx.x] = row < m && k0 + threadIdx.x < k ? a[row * k + k0 + threadIdx.x] : 0.f;
        bs[threadIdx.y][threadIdx.x] = column < n && k0 + threadIdx.y < k ? b[(k0 + threadIdx.y) * n + column] : 0.f;
        __syncthreads();
#pragma unroll
        for (int j = 0; j < 16; j++) sum += as[threadIdx.y][j] * bs[j][threadIdx.x];
        __syncthreads();
    }
    if (row < m && column < n) c[row * n + column] = sum;
}

// Dynamic shared memory, bf16, exp.
extern "C" __global__ void softmax(const __nv_bfloat16* x, __nv_bfloat16* y, int columns) {
    extern __shared__ float part[];
    const __nv_bfloat16* row = x + (long) blockIdx.x * columns;
    float most = -INFINITY, sum = 0;
    for (int j = threadIdx.x; j < columns; j += blockDim.x) most = fmaxf(most, __bfloat162float(row[j]));
    part[threadIdx.x] = most;
    __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2) {
        if (threadIdx.x < d) part[threadIdx.x] = fmaxf(part[threadIdx.x], part[threadIdx.x + d]);
        __syncthreads();
    }
    most = part[0];
    __syncthreads();
    for (int j = threadIdx.x; j < columns; j += blockDim.x) sum += expf(__bfloat162float(row[j]) - most);
    part[threadIdx.x] = sum;
    __syncthreads();
    for (int d = blockDim.x / 2; d > 0; d /= 2) {
        if (threadIdx.x < d) part[threadIdx.x] += part[threadIdx.x + d];
        __syncthreads();
    }
    for (int j = threadIdx.x; j < columns; j += blockDim.x)
        y[(long) blockIdx.x * columns + j] = __float2bfloat16(expf(__bfloat162float(row[j]) - most) / part[0]);
}

// A table of branches, a function that is called, constant memory, an array in local memory.
__constant__ int primes[8] = {2, 3, 5, 7, 11, 13, 17, 19};
__device__ __noinline__ int collatz(int n, int limit) {
    int steps = 0;
    while (n != 1 && steps < limit) { n = n % 2 ? 3 * n + 1 : n / 2; steps++; }
    return steps;
}
extern "C" __global__ void mixed(const int* x, int* y, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    int digits[10], count = 0, v = x[i];
    for (int k = 0; k < 10; k++) { digits[k] = v % 10; v /= 10; }
    for (int k = 0; k < 10; k++) count += digits[digits[k]];
    switch (x[i] & 7) {
        case 0: y[i] = collatz(x[i] / 8 + 1, 1000); break;
        case 1: y[i] = primes[x[i] / 8 % 8]; break;
        case 2: y[i] = count; break;
        case 3: y[i] = __popc(x[i]); break;
        case 4: y[i] = __clz(x[i]); break;
        case 5: y[i] = collatz(x[i], 100) + 1000; break;
        case 6: y[i] = __brev(x[i]); break;
        default: y[i] = -x[i];
    }
}

// Functions of libdevice, with their slow paths.
extern "C" __global__ void functions(const float* x, const double* z, float* y, double* w, int n) {
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    float v = x[i], a = fabsf(v);
    y[8 * i] = sinf(v); y[8 * i + 1] = cosf(v); y[8 * i + 2] = tanhf(v); y[8 * i + 3] = erff(v);
    y[8 * i + 4] = logf(a); y[8 * i + 5] = log1pf(a); y[8 * i + 6] = powf(a, 0.37f); y[8 * i + 7] = expm1f(-a);
    w[4 * i] = exp(z[i]); w[4 * i + 1] = log(fabs(z[i])); w[4 * i + 2] = erf(z[i]); w[4 * i + 3] = sqrt(fabs(z[i]) / 3);
}

// Ballots and matches; atomics of all kinds on shared and device memory.
extern "C" __global__ void votes(const int* x, int* counts, int* peers, unsigned long long* most, float* largest, int n) {
    __shared__ int bins[16];
    if (threadIdx.x < 16) bins[threadIdx.x] = 0;
    __syncthreads();
    int i = blockIdx.x * blockDim.x + threadIdx.x;
    unsigned all = __ballot_sync(0xffffffff, i < n);
    if (i < n) {
        atomicAdd(&bins[x[i] & 15], 1);
        peers[i] = __match_any_sync(all, x[i] & 3);
        atomicMax(most, (unsigned long long) x[i]);
        int* cell = (int*) largest;
        int old = *cell, seen;
        do { seen = old; old = atomicCAS(cell, seen, __float_as_int(fmaxf(__int_as_float(seen), x[i] * 0.5f))); } while (old != seen);
    }
    int odd = __syncthreads_count(i < n && (x[i] & 1));
    if (threadIdx.x < 16) atomicAdd(&counts[threadIdx.x], bins[threadIdx.x]);
    if (threadIdx.x == 0) atomicAdd(&counts[16], odd);
}

// Tensor cores: bf16, two stages of cp.async, ldmatrix. C (m, n) = A (m, k) B (n, k)^T; m and n multiples of 64, k of 32.
typedef unsigned int u32;
__device__ __forceinline__ void multiply(float* c, const u32* a, u32 b0, u32 b1) {
    asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
        : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3]) : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ __forceinline__ void tile(u32* r, const void* p) {
    u32 s = (u32) __cvta_generic_to_shared(p);
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3},[%4];"
        : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(s));
}
__device__ __forceinline__ void copy(void* to, const void* from) {
    u32 s = (u32) __cvta_generic_to_shared(to);
    asm volatile("cp.async.cg.shared.global [%0],[%1],16;" :: "r"(s), "l"(from));
}
extern "C" __global__ void __launch_bounds__(128) tensor(const __nv_bfloat16* a, const __nv_bfloat16* b, float* c, int m, int n, int k) {
    __shared__ __align__(16) __nv_bfloat16 as[2][64][40], bs[2][64][40];
    int t = threadIdx.x, lane = t & 31, w = t >> 5, wm = (w & 1) * 32, wn = (w >> 1) * 32;
    long m0 = blockIdx.y * 64, n0 = blockIdx.x * 64;
    float sum[2][4][4] = {};
    auto load = [&](int s, int k0) {
        for (int i = t; i < 64 * 4; i += 128) {
            copy(&as[s][i / 4][i % 4 * 8], a + (m0 + i / 4) * k + k0 + i % 4 * 8);
            copy(&bs[s][i / 4][i % 4 * 8], b + (n0 + i / 4) * k + k0 + i % 4 * 8);
        }
        asm volatile("cp.async.commit_group;");
    };
    load(0, 0);
    for (int k0 = 0, s = 0; k0 < k; k0 += 32, s ^= 1) {
        if (k0 + 32 < k) { load(s ^ 1, k0 + 32); asm volatile("cp.async.wait_group 1;"); }
        else asm volatile("cp.async.wait_group 0;");
        __syncthreads();
#pragma unroll
        for (int kk = 0; kk < 32; kk += 16) {
            u32 fa[2][4], fb[2][4];
#pragma unroll
            for (int i = 0; i < 2; i++) tile(fa[i], &as[s][wm + i * 16 + (lane & 15)][kk + (lane >> 4) * 8]);
#pragma unroll
            for (int j = 0; j < 2; j++) tile(fb[j], &bs[s][wn + j * 16 + (lane & 7) + ((lane >> 4) << 3)][kk + ((lane >> 3) & 1) * 8]);
#pragma unroll
            for (int i = 0; i < 2; i++)
#pragma unroll
                for (int j = 0; j < 4; j++) multiply(sum[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
        }
        __syncthreads();
    }
#pragma unroll
    for (int i = 0; i < 2; i++)
#pragma unroll
        for (int j = 0; j < 4; j++)
#pragma unroll
            for (int e = 0; e < 4; e++)
                c[(m0 + wm + i * 16 + (lane >> 2) + e / 2 * 8) * n + n0 + wn + j * 8 + (lane & 3) * 2 + e % 2] = sum[i][j][e];
}
