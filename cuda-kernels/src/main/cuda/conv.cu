// Convolution and its gradients by fused multiply-adds.
#include "conv.cuh"

// A block makes BM x BN of C, a thread TM x TN of them. blockIdx.x: the tile of C; blockIdx.y: the part of K, when it is
// cut into parts of `part`; blockIdx.z: the group. Part s goes to C + s * total, with `wide` in f32. The first part adds
// the bias, one number for each row. With `alongK` neighbouring threads read neighbours of B along K, else along N.
// While a tile is multiplied, the next one is read into registers.
template <int BM, int BN, int BK, int TM, int TN, class T> INLINE void convolve(const T* a, const T* b, const T* bias,
        void* c, int m, int n, int k, const Geometry& g, int part, i64 total, int wide, int alongK) {
    const int THREADS = (BM / TM) * (BN / TN);
    const int NA = BM * BK / THREADS;
    const int NB = BN * BK / THREADS;
    const int STEPS = BM < 64 ? 1 : 4;
    __shared__ __align__(16) f32 as[BK][BM + 4];
    __shared__ __align__(16) f32 bs[BK][BN + 4];
    __shared__ Shares<BN, BK> shares;
    int across = (n + BN - 1) / BN;
    int m0 = blockIdx.x / across * BM;
    int n0 = blockIdx.x % across * BN;
    int from = blockIdx.y * part;
    int to = min(k, from + part);
    int t = threadIdx.x;
    a += blockIdx.z * g.ag;
    b += blockIdx.z * g.bg;
    int ty = t / (BN / TN);
    int tx = t % (BN / TN);
    int bo = alongK ? t / BK : t % BN;
    int bk = alongK ? t % BK : t / BN;
    int dO = alongK ? THREADS / BK : 0;
    int dK = alongK ? 0 : THREADS / BN;
    f32 sums[TM][TN];
    #pragma unroll
    for (int i = 0; i < TM; i++) {
        #pragma unroll
        for (int j = 0; j < TN; j++) {
            sums[i][j] = 0;
        }
    }
    f32 nextA[NA];
    f32 nextB[NB];
    shares.setColumns(g, n0);
    shares.setRows(g, from);
    __syncthreads();
    #pragma unroll 1
    for (int k0 = from - BK; k0 < to; k0 += BK) {
        // the tile at k0, which lies in shared memory; there is none the first time
        if (k0 + BK < to) {
            #pragma unroll
            for (int i = 0; i < NA; i++) {
                int o = t / BK + i * (THREADS / BK);
                int kk = t % BK;
                bool in = m0 + o < m && k0 + BK + kk < to;
                nextA[i] = in ? get(a[(m0 + o) * g.am + shares.a[kk]]) : 0.f;
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                int o = bo + i * dO;
                int kk = bk + i * dK;
                bool in = n0 + o < n && k0 + BK + kk < to;
                i64 at = in ? place(g, shares.rows[kk], shares.columns[o]) : -1;
                nextB[i] = at >= 0 ? get(b[at]) : 0.f;
            }
        }
        if (k0 >= from) {
            #pragma unroll STEPS
            for (int kk = 0; kk < BK; kk++) {
                f32 av[TM];
                f32 bv[TN];
                #pragma unroll
                for (int i = 0; i < TM; i++) {
                    av[i] = as[kk][ty * TM + i];
                }
                #pragma unroll
                for (int j = 0; j < TN; j++) {
                    bv[j] = bs[kk][tx * TN + j];
                }
                #pragma unroll
                for (int i = 0; i < TM; i++) {
                    #pragma unroll
                    for (int j = 0; j < TN; j++) {
                        sums[i][j] += av[i] * bv[j];
                    }
                }
            }
        }
        __syncthreads();
        if (k0 + BK < to) {
            #pragma unroll
            for (int i = 0; i < NA; i++) {
                as[t % BK][t / BK + i * (THREADS / BK)] = nextA[i];
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                bs[bk + i * dK][bo + i * dO] = nextB[i];
            }
            shares.setRows(g, k0 + 2 * BK);
            __syncthreads();
        }
    }
    i64 first = blockIdx.y * total + blockIdx.z * g.cg;
    bool biased = bias && blockIdx.y == 0;
    #pragma unroll
    for (int j = 0; j < TN; j++) {
        int column = n0 + tx * TN + j;
        i64 at = first + columnOfC(g, column);
        #pragma unroll
        for (int i = 0; i < TM; i++) {
            int row = m0 + ty * TM + i;
            if (row < m && column < n) {
                f32 v = biased ? sums[i][j] + get(bias[blockIdx.z * m + row]) : sums[i][j];
                if (wide) {
                    ((f32*) c)[at + row * g.cm] = v;
                } else {
                    put((T*) c + at + row * g.cm, v);
                }
            }
        }
    }
}

#define CONV(kind, BM, BN, BK, TM, TN, name, T) \
    extern "C" __global__ void __launch_bounds__((BM / TM) * (BN / TN)) conv##kind##_##name(const T* a, const T* b, \
            const T* bias, void* c, int m, int n, int k, Geometry g, int part, i64 total, int wide, int alongK) { \
        convolve<BM, BN, BK, TM, TN>(a, b, bias, c, m, n, k, g, part, total, wide, alongK); \
    }
#define CONVS(name, T) \
    CONV(Small, 32, 32, 8, 4, 4, name, T) \
    CONV(Medium, 64, 64, 16, 4, 4, name, T)
FLOATS(CONVS)
