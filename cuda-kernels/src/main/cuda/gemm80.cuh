// C = A B and C = A B + bias in bf16 or f16 on tensor cores, sums in f32.
#pragma once
#include "batch.cuh"
#include "tensor80.cuh"

// One operand's tiles in shared memory: OUTER rows (of A) or columns (of B) and BK = 32 steps along K. Chunks of eight
// elements that are neighbours in memory stay neighbours: along K, or with `turned` along the other axis. Chunks are
// permuted within their row so that neither copies nor loads of matrices meet in one bank.
const int BK = 32;

template <int OUTER, bool turned> struct Tiles {
    static const int BYTES = OUTER * BK * 2;

    // The byte at which the chunk of element (o, k) lies.
    static INLINE int chunk(int o, int k) {
        if (turned) {
            return (k * (OUTER / 8) + (o / 8 ^ (k & 7))) * 16;
        }
        return (o * (BK / 8) + (k / 8 ^ (o / 2 & 3))) * 16;
    }

    // Copies the tile at (o0, k0) of an operand of `outer` x `end` elements; `step` from one run of neighbours to the
    // next. What is not there is 0.
    template <int THREADS, class T> static INLINE void copy(u32 to, const T* x, i64 step, int o0, int k0, int outer,
            int end) {
        #pragma unroll
        for (int i = 0; i < OUTER * BK / 8 / THREADS; i++) {
            int c = i * THREADS + threadIdx.x;
            int o = turned ? c % (OUTER / 8) * 8 : c / (BK / 8);
            int k = turned ? c / (OUTER / 8) : c % (BK / 8) * 8;
            int left = turned ? k0 + k < end ? outer - o0 - o : 0 : o0 + o < outer ? end - k0 - k : 0;
            int bytes = 2 * max(0, min(8, left));
            const T* from = turned ? x + (k0 + k) * step + o0 + o : x + (o0 + o) * step + k0 + k;
            copyAsync(to + chunk(o, k), bytes > 0 ? from : x, bytes);
        }
    }
};

// A block makes BM x BN of C, a warp WM x WN; blockIdx as in gemm.cu. `a` and `b` have neighbours along K, or along M
// and N with turnedA and turnedB; aStep and bStep lead from one run of neighbours to the next.
template <int BM, int BN, int WM, int WN, bool turnedA, bool turnedB, class T> INLINE void multiply(const T* a,
        const T* b, const T* bias, void* c, int m, int n, int k, i64 aStep, i64 bStep, Batch batch, i64 z0, i64 batches,
        int part, int wide) {
    typedef Tiles<BM, turnedA> TilesA;
    typedef Tiles<BN, turnedB> TilesB;
    const int THREADS = BM / WM * (BN / WN) * 32;
    const int STAGES = 3;
    const int STAGE = TilesA::BYTES + TilesB::BYTES;
    __shared__ __align__(128) u8 memory[STAGES * STAGE];
    u32 tiles = sharedAddress(memory);
    i64 z = z0 + blockIdx.z;
    a += place(batch.sizes, batch.a, z);
    b += place(batch.sizes, batch.b, z);
    int across = (n + BN - 1) / BN;
    int m0 = blockIdx.x / across * BM;
    int n0 = blockIdx.x % across * BN;
    int from = blockIdx.y * part;
    int to = min(k, from + part);
    int lane = threadIdx.x % 32;
    int wm = threadIdx.x / 32 / (BN / WN) * WM;
    int wn = threadIdx.x / 32 % (BN / WN) * WN;
    f32 sums[WM / 16][WN / 8][4];
    #pragma unroll
    for (int i = 0; i < WM / 16; i++) {
        #pragma unroll
        for (int j = 0; j < WN / 8; j++) {
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                sums[i][j][e] = 0;
            }
        }
    }
    #pragma unroll
    for (int s = 0; s < STAGES - 1; s++) {
        TilesA::template copy<THREADS>(tiles + s * STAGE, a, aStep, m0, from + s * BK, m, to);
        TilesB::template copy<THREADS>(tiles + s * STAGE + TilesA::BYTES, b, bStep, n0, from + s * BK, n, to);
        commitCopies();
    }
    int stage = 0;
    #pragma unroll 1
    for (int k0 = from; k0 < to; k0 += BK) {
        awaitCopies<STAGES - 2>();
        __syncthreads();
        // into the stage that all warps have done with
        int next = stage == 0 ? STAGES - 1 : stage - 1;
        if (k0 + (STAGES - 1) * BK < to) {
            TilesA::template copy<THREADS>(tiles + next * STAGE, a, aStep, m0, k0 + (STAGES - 1) * BK, m, to);
            TilesB::template copy<THREADS>(tiles + next * STAGE + TilesA::BYTES, b, bStep, n0, k0 + (STAGES - 1) * BK,
                    n, to);
        }
        commitCopies();
        u32 as = tiles + stage * STAGE;
        u32 bs = as + TilesA::BYTES;
        #pragma unroll
        for (int kk = 0; kk < BK; kk += 16) {
            u32 af[WM / 16][4];
            u32 bf[WN / 16][4];
            #pragma unroll
            for (int i = 0; i < WM / 16; i++) {
                int o = turnedA ? (lane / 8 & 1) * 8 : lane & 15;
                int kc = turnedA ? (lane & 7) + lane / 16 * 8 : lane / 16 * 8;
                loadMatrices<turnedA>(af[i], as + TilesA::chunk(wm + i * 16 + o, kk + kc));
            }
            #pragma unroll
            for (int j = 0; j < WN / 16; j++) {
                int o = turnedB ? lane / 16 * 8 : (lane & 7) + lane / 16 * 8;
                int kc = turnedB ? (lane & 7) + (lane / 8 & 1) * 8 : (lane / 8 & 1) * 8;
                loadMatrices<turnedB>(bf[j], bs + TilesB::chunk(wn + j * 16 + o, kk + kc));
            }
            #pragma unroll
            for (int i = 0; i < WM / 16; i++) {
                #pragma unroll
                for (int j = 0; j < WN / 8; j++) {
                    multiplyAdd(sums[i][j], af[i], bf[j / 2][j % 2 * 2], bf[j / 2][j % 2 * 2 + 1], T());
                }
            }
        }
        stage = stage == STAGES - 1 ? 0 : stage + 1;
    }
    i64 first = (blockIdx.y * batches + z) * m * n;
    bool biased = bias && blockIdx.y == 0;
    bool pairs = n % 2 == 0;
    #pragma unroll
    for (int i = 0; i < WM / 16; i++) {
        #pragma unroll
        for (int j = 0; j < WN / 8; j++) {
            int column = n0 + wn + j * 8 + lane % 4 * 2;
            f32 b0 = biased && column < n ? get(bias[column]) : 0.f;
            f32 b1 = biased && column + 1 < n ? get(bias[column + 1]) : 0.f;
            #pragma unroll
            for (int half = 0; half < 2; half++) {
                int row = m0 + wm + i * 16 + half * 8 + lane / 4;
                i64 at = first + (i64) row * n + column;
                f32 v0 = sums[i][j][half * 2] + b0;
                f32 v1 = sums[i][j][half * 2 + 1] + b1;
                if (row >= m || column >= n) {
                    continue;
                }
                if (wide) {
                    f32* to = (f32*) c + at;
                    to[0] = v0 + (wide == ADD ? to[0] : 0.f);
                    if (column + 1 < n) {
                        to[1] = v1 + (wide == ADD ? to[1] : 0.f);
                    }
                    continue;
                }
                u32 both = pack(v0, v1, T());
                u16* to = (u16*) c + at;
                if (pairs) {
                    *(u32*) to = both;
                } else {
                    to[0] = (u16) both;
                    if (column + 1 < n) {
                        to[1] = (u16) (both >> 16);
                    }
                }
            }
        }
    }
}

#define GEMM(kind, BM, BN, WM, WN, turnedA, turnedB, name, T) \
    extern "C" __global__ void __launch_bounds__(BM / WM * (BN / WN) * 32) \
            gemm##kind##_##turnedA##turnedB##_##name(const T* a, const T* b, const T* bias, void* c, int m, int n, \
            int k, i64 aStep, i64 bStep, Batch batch, i64 z0, i64 batches, int part, int wide) { \
        multiply<BM, BN, WM, WN, turnedA, turnedB>(a, b, bias, c, m, n, k, aStep, bStep, batch, z0, batches, part, \
                wide); \
    }
#define LAYOUTS(turnedA, turnedB, name, T) \
    GEMM(Medium, 64, 64, 32, 32, turnedA, turnedB, name, T) \
    GEMM(Large, 128, 128, 64, 32, turnedA, turnedB, name, T)
#define GEMMS(name, T) LAYOUTS(0, 0, name, T) LAYOUTS(0, 1, name, T) LAYOUTS(1, 0, name, T) LAYOUTS(1, 1, name, T)
