// Convolution and its gradients in bf16 or f16 on tensor cores, sums in f32.
#pragma once
#include "conv.cuh"
#include "tensor80.cuh"

const int BK = 32;

struct __align__(16) Chunk {
    u32 pairs[4];
};

// The byte at which the chunk of eight elements along K at (o, k) lies in a tile. Chunks are permuted within their row
// so that neither stores nor loads of matrices meet in one bank.
INLINE int chunkAt(int o, int k) { return (o * (BK / 8) + (k / 8 ^ (o / 2 & 3))) * 16; }

// A block makes BM x BN of C, a warp WM x WN; the rest as in conv.cu. A thread reads eight elements along K at a time,
// those of A in one access if `aligned` says that they are neighbours.
template <int BM, int BN, int WM, int WN, class T> INLINE void convolve(const T* a, const T* b, const T* bias, void* c,
        int m, int n, int k, const Geometry& g, int part, i64 total, int wide, int aligned) {
    const int THREADS = BM / WM * (BN / WN) * 32;
    const int NA = BM * BK / 8 / THREADS;
    const int NB = BN * BK / 8 / THREADS;
    __shared__ __align__(128) u8 memory[(BM + BN) * BK * 2];
    __shared__ Shares<BN, BK> shares;
    u8* tileA = memory;
    u8* tileB = memory + BM * BK * 2;
    int across = (n + BN - 1) / BN;
    int m0 = blockIdx.x / across * BM;
    int n0 = blockIdx.x % across * BN;
    int from = blockIdx.y * part;
    int to = min(k, from + part);
    int t = threadIdx.x;
    int lane = t % 32;
    int wm = t / 32 / (BN / WN) * WM;
    int wn = t / 32 % (BN / WN) * WN;
    const u16* left = (const u16*) a + blockIdx.z * g.ag;
    const u16* right = (const u16*) b + blockIdx.z * g.bg;
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
    Chunk nextA[NA];
    Chunk nextB[NB];
    shares.setColumns(g, n0);
    shares.setRows(g, from);
    __syncthreads();
    #pragma unroll 1
    for (int k0 = from - BK; k0 < to; k0 += BK) {
        // the tile at k0, which lies in shared memory; there is none the first time
        if (k0 + BK < to) {
            #pragma unroll
            for (int i = 0; i < NA; i++) {
                int o = t / (BK / 8) + i * (THREADS / (BK / 8));
                int kk = t % (BK / 8) * 8;
                bool in = m0 + o < m;
                const u16* row = left + (m0 + o) * g.am;
                if (aligned) {
                    Chunk zero = {{0, 0, 0, 0}};
                    nextA[i] = in && k0 + BK + kk < to ? *(const Chunk*) (row + shares.a[kk]) : zero;
                } else {
                    #pragma unroll
                    for (int e = 0; e < 4; e++) {
                        int k1 = kk + 2 * e;
                        u32 low = in && k0 + BK + k1 < to ? row[shares.a[k1]] : 0;
                        u32 high = in && k0 + BK + k1 + 1 < to ? row[shares.a[k1 + 1]] : 0;
                        nextA[i].pairs[e] = low | high << 16;
                    }
                }
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                int o = t % BN;
                int kk = (t / BN + i * (THREADS / BN)) * 8;
                bool in = n0 + o < n;
                Tap column = shares.columns[o];
                #pragma unroll
                for (int e = 0; e < 4; e++) {
                    int k1 = kk + 2 * e;
                    i64 low = in && k0 + BK + k1 < to ? place(g, shares.rows[k1], column) : -1;
                    i64 high = in && k0 + BK + k1 + 1 < to ? place(g, shares.rows[k1 + 1], column) : -1;
                    nextB[i].pairs[e] = (low >= 0 ? right[low] : 0u) | (high >= 0 ? right[high] : 0u) << 16;
                }
            }
        }
        if (k0 >= from) {
            u32 as = sharedAddress(tileA);
            u32 bs = sharedAddress(tileB);
            #pragma unroll
            for (int kk = 0; kk < BK; kk += 16) {
                u32 af[WM / 16][4];
                u32 bf[WN / 16][4];
                #pragma unroll
                for (int i = 0; i < WM / 16; i++) {
                    loadMatrices<false>(af[i], as + chunkAt(wm + i * 16 + (lane & 15), kk + lane / 16 * 8));
                }
                #pragma unroll
                for (int j = 0; j < WN / 16; j++) {
                    loadMatrices<false>(bf[j], bs + chunkAt(wn + j * 16 + (lane & 7) + lane / 16 * 8,
                            kk + (lane / 8 & 1) * 8));
                }
                #pragma unroll
                for (int i = 0; i < WM / 16; i++) {
                    #pragma unroll
                    for (int j = 0; j < WN / 8; j++) {
                        multiplyAdd(sums[i][j], af[i], bf[j / 2][j % 2 * 2], bf[j / 2][j % 2 * 2 + 1], T());
                    }
                }
            }
        }
        __syncthreads();
        if (k0 + BK < to) {
            #pragma unroll
            for (int i = 0; i < NA; i++) {
                int o = t / (BK / 8) + i * (THREADS / (BK / 8));
                *(Chunk*) (tileA + chunkAt(o, t % (BK / 8) * 8)) = nextA[i];
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                *(Chunk*) (tileB + chunkAt(t % BN, (t / BN + i * (THREADS / BN)) * 8)) = nextB[i];
            }
            shares.setRows(g, k0 + 2 * BK);
            __syncthreads();
        }
    }
    i64 first = blockIdx.y * total + blockIdx.z * g.cg;
    bool biased = bias && blockIdx.y == 0;
    #pragma unroll
    for (int j = 0; j < WN / 8; j++) {
        #pragma unroll
        for (int e = 0; e < 2; e++) {
            int column = n0 + wn + j * 8 + lane % 4 * 2 + e;
            i64 at = first + columnOfC(g, column);
            #pragma unroll
            for (int i = 0; i < WM / 16; i++) {
                #pragma unroll
                for (int half = 0; half < 2; half++) {
                    int row = m0 + wm + i * 16 + half * 8 + lane / 4;
                    if (row < m && column < n) {
                        f32 v = sums[i][j][half * 2 + e];
                        v = biased ? v + get(bias[blockIdx.z * m + row]) : v;
                        if (wide) {
                            ((f32*) c)[at + row * g.cm] = v;
                        } else {
                            put((T*) c + at + row * g.cm, v);
                        }
                    }
                }
            }
        }
    }
}

#define CONV(kind, BM, BN, WM, WN, name, T) \
    extern "C" __global__ void __launch_bounds__(BM / WM * (BN / WN) * 32) conv##kind##_##name(const T* a, \
            const T* b, const T* bias, void* c, int m, int n, int k, Geometry g, int part, i64 total, int wide, \
            int aligned) { \
        convolve<BM, BN, WM, WN>(a, b, bias, c, m, n, k, g, part, total, wide, aligned); \
    }
#define CONVS(name, T) \
    CONV(Medium, 64, 64, 32, 32, name, T) \
    CONV(Large, 128, 128, 64, 32, name, T)
