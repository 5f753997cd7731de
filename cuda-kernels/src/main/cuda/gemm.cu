// C = A B and C = A B + bias by fused multiply-adds, for operands of any strides.
#include "batch.cuh"

// How the threads of a block read a tile of `outer` x BK elements: thread t reads elements (o + i dO, k + i dK). Along
// the axis whose elements are neighbours in memory, neighbouring threads read neighbours.
struct Reader {
    int o;
    int k;
    int dO;
    int dK;

    template <int OUTER, int BK, int THREADS> static INLINE Reader of(bool alongK) {
        int t = threadIdx.x;
        Reader r;
        r.o = alongK ? t / BK : t % OUTER;
        r.k = alongK ? t % BK : t / OUTER;
        r.dO = alongK ? THREADS / BK : 0;
        r.dK = alongK ? 0 : THREADS / OUTER;
        return r;
    }
};

// A block makes BM x BN of C, a thread TM x TN of them in groups of four rows and columns. blockIdx.x: the tile of C;
// blockIdx.y: the part of K, when it is cut into parts of `part`; blockIdx.z: the batch, counted from z0. Part s of
// batch z goes to C + (s * batches + z) * m * n, in the type of the operands, or, as `wide` says, in the type that is
// computed in, where it may be added to what is there. The first part adds the bias.
// While a tile is multiplied, the next one is read into registers.
template <int BM, int BN, int BK, int TM, int TN, class T> INLINE void multiply(const T* a, const T* b, const T* bias,
        void* c, int m, int n, int k, i64 am, i64 ak, i64 bk, i64 bn, Batch batch, i64 z0, i64 batches,
        int part, int wide) {
    typedef typename Compute<T>::type A;
    const int THREADS = (BM / TM) * (BN / TN);
    const int NA = BM * BK / THREADS;                       // elements that a thread reads
    const int NB = BN * BK / THREADS;
    const int STEPS = BM < 64 ? 1 : 4;                      // how far the loop over a tile is unrolled
    __shared__ __align__(16) A as[BK][BM + 4];
    __shared__ __align__(16) A bs[BK][BN + 4];
    int across = (n + BN - 1) / BN;
    int m0 = blockIdx.x / across * BM;
    int n0 = blockIdx.x % across * BN;
    int from = blockIdx.y * part;
    int to = min(k, from + part);
    Reader ra = Reader::of<BM, BK, THREADS>(ak == 1);
    Reader rb = Reader::of<BN, BK, THREADS>(bk == 1);
    i64 z = z0 + blockIdx.z;
    a += place(batch.sizes, batch.a, z) + (m0 + ra.o) * am + (from + ra.k) * ak;
    b += place(batch.sizes, batch.b, z) + (n0 + rb.o) * bn + (from + rb.k) * bk;
    i64 aStep = ra.dO * am + ra.dK * ak;
    i64 bStep = rb.dO * bn + rb.dK * bk;
    int ty = threadIdx.x / (BN / TN);
    int tx = threadIdx.x % (BN / TN);
    A sums[TM][TN];
    #pragma unroll
    for (int i = 0; i < TM; i++) {
        #pragma unroll
        for (int j = 0; j < TN; j++) {
            sums[i][j] = 0;
        }
    }
    A nextA[NA];
    A nextB[NB];
    #pragma unroll 1
    for (int k0 = from - BK; k0 < to; k0 += BK) {
        // the tile at k0, which lies in shared memory; there is none the first time
        if (k0 + BK < to) {
            #pragma unroll
            for (int i = 0; i < NA; i++) {
                bool in = m0 + ra.o + i * ra.dO < m && k0 + BK + ra.k + i * ra.dK < to;
                nextA[i] = in ? (A) get(a[i * aStep]) : (A) 0;
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                bool in = n0 + rb.o + i * rb.dO < n && k0 + BK + rb.k + i * rb.dK < to;
                nextB[i] = in ? (A) get(b[i * bStep]) : (A) 0;
            }
            a += BK * ak;
            b += BK * bk;
        }
        if (k0 >= from) {
            #pragma unroll STEPS
            for (int kk = 0; kk < BK; kk++) {
                A av[TM];
                A bv[TN];
                #pragma unroll
                for (int i = 0; i < TM; i++) {
                    av[i] = as[kk][i / 4 * (BM / (TM / 4)) + ty * 4 + i % 4];
                }
                #pragma unroll
                for (int j = 0; j < TN; j++) {
                    bv[j] = bs[kk][j / 4 * (BN / (TN / 4)) + tx * 4 + j % 4];
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
                as[ra.k + i * ra.dK][ra.o + i * ra.dO] = nextA[i];
            }
            #pragma unroll
            for (int i = 0; i < NB; i++) {
                bs[rb.k + i * rb.dK][rb.o + i * rb.dO] = nextB[i];
            }
            __syncthreads();
        }
    }
    i64 first = (blockIdx.y * batches + z) * m * n;
    bool biased = bias && blockIdx.y == 0;
    #pragma unroll
    for (int i = 0; i < TM; i++) {
        int row = m0 + i / 4 * (BM / (TM / 4)) + ty * 4 + i % 4;
        #pragma unroll
        for (int j = 0; j < TN; j++) {
            int column = n0 + j / 4 * (BN / (TN / 4)) + tx * 4 + j % 4;
            if (row < m && column < n) {
                A v = biased ? sums[i][j] + get(bias[column]) : sums[i][j];
                i64 at = first + (i64) row * n + column;
                if (wide) {
                    ((A*) c)[at] = v + (wide == ADD ? ((A*) c)[at] : (A) 0);
                } else {
                    put((T*) c + at, v);
                }
            }
        }
    }
}

// For few rows: a warp makes one element of C, a sum along rows of A and B whose elements are neighbours. blockIdx.x:
// the columns of C, as many in a block as it has warps; blockIdx.y: the row; blockIdx.z: the batch.
template <class T> INLINE void dots(const T* a, const T* b, const T* bias, T* c, int m, int n, int k, i64 am, i64 bn,
        Batch batch, i64 z0) {
    typedef typename Compute<T>::type A;
    int column = blockIdx.x * blockDim.y + threadIdx.y;
    if (column >= n) {
        return;
    }
    i64 z = z0 + blockIdx.z;
    a += place(batch.sizes, batch.a, z) + blockIdx.y * am;
    b += place(batch.sizes, batch.b, z) + column * bn;
    A sum = 0;
    #pragma unroll 4
    for (int i = threadIdx.x; i < k; i += 32) {
        sum += (A) get(a[i]) * (A) get(b[i]);
    }
    #pragma unroll
    for (int lane = 16; lane > 0; lane >>= 1) {
        sum += __shfl_xor_sync(ALL_LANES, sum, lane);
    }
    if (threadIdx.x == 0) {
        sum = bias ? sum + get(bias[column]) : sum;
        put(c + (z * m + blockIdx.y) * n + column, sum);
    }
}

#define GEMM(kind, BM, BN, BK, TM, TN, name, T) \
    extern "C" __global__ void __launch_bounds__((BM / TM) * (BN / TN)) gemm##kind##_##name(const T* a, const T* b, \
            const T* bias, void* c, int m, int n, int k, i64 am, i64 ak, i64 bk, i64 bn, Batch batch, i64 z0, \
            i64 batches, int part, int wide) { \
        multiply<BM, BN, BK, TM, TN>(a, b, bias, c, m, n, k, am, ak, bk, bn, batch, z0, batches, part, wide); \
    }
#define GEMMS(name, T) \
    GEMM(Small, 32, 32, 8, 4, 4, name, T) \
    GEMM(Medium, 64, 64, 16, 4, 4, name, T) \
    KERNEL gemmDots_##name(const T* a, const T* b, const T* bias, T* c, int m, int n, int k, i64 am, i64 bn, \
            Batch batch, i64 z0) { \
        dots(a, b, bias, c, m, n, k, am, bn, batch, z0); \
    }
FLOATING(GEMMS)
GEMM(Large, 128, 128, 8, 8, 8, f32, f32)
