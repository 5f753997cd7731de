// Attention and its gradients in bf16 or f16 on tensor cores, without the matrix of all scores; sums in f32.
//
// A block of four warps makes 64 rows of the result, each warp 16: rows of queries, or of keys in the gradient of keys
// and values. The rows of the other kind pass through shared memory in tiles. No sum depends on the order of blocks.
// Source: Dao 2023, arXiv 2307.08691, algorithms 1 and 2.
#pragma once
#include "attention.cuh"
#include "tensor80.cuh"

const int ROWS = 64;
const f32 LOG2_E = 1.44269504088896340736f;
const f32 LN_2 = .693147180559945309417f;

INLINE f32 powerOf2(f32 x) {
    f32 y;
    asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
    return y;
}

// Where the chunk of eight elements with element c of a row lies in a tile whose rows have HEAD elements. Chunks are
// permuted within their row, so that the same chunk of eight rows lies in different banks.
template <int HEAD> INLINE int chunk(int row, int c) { return row * HEAD * 2 + (c / 8 ^ (row & 7)) * 16; }

// Copies COUNT rows from row `from` on, of d elements, `step` apart; there are `end` rows, what is beyond is 0. A
// thread copies the same chunk of every (8 THREADS / HEAD)-th row, a multiple of eight.
template <int HEAD, int COUNT, class T> INLINE void tile(u32 to, const T* x, i64 step, int from, int end, int d) {
    const int EACH = 8 * THREADS / HEAD;
    int row = threadIdx.x / (HEAD / 8);
    int c = threadIdx.x % (HEAD / 8) * 8;
    int bytes = 2 * max(0, min(8, d - c));
    const T* at = x + (from + row) * step + c;
    to += chunk<HEAD>(row, c);
    #pragma unroll
    for (int i = 0; i < COUNT / EACH; i++) {
        bool exists = from + row + i * EACH < end && bytes > 0;
        copyAsync(to + i * EACH * HEAD * 2, exists ? at + i * EACH * step : x, exists ? bytes : 0);
    }
}

// What a lane sees in a row or column of the scores: positions [first, end) of the other kind, and what is added there.
template <class T> struct Sight {
    const T* bias;
    int step;
    int first;
    int end;

    // Keys that query i sees.
    static INLINE Sight query(const Scores<T>& mask, i64 head, int i, const Sizes& z) {
        int last = z.causal ? min(z.s, i + 1 + z.s - z.t) : z.s;
        const T* bias = mask.x ? (const T*) mask.x + head + i * mask.t : 0;
        return Sight {bias, (int) mask.s, 0, i < z.t ? last : 0};
    }

    // Queries that see key j.
    static INLINE Sight key(const Scores<T>& mask, i64 head, int j, const Sizes& z) {
        int first = z.causal ? max(0, j - (z.s - z.t)) : 0;
        return Sight {mask.x ? (const T*) mask.x + head + j * mask.s : 0, (int) mask.t, first, j < z.s ? z.t : 0};
    }

    INLINE bool sees(int at) const { return at >= first && at < end; }

    INLINE f32 apply(f32 score, int at) const {
        if (!sees(at)) {
            return -infinity();
        }
        return bias ? score + get(bias[(i64) at * step]) : score;
    }
};

// A mask of truth values as numbers to be added.
template <class T> INLINE void asBias(const u8* mask, T* bias, i64 n) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at < n) {
        put(bias + at, mask[at] ? 0.f : -infinity());
    }
}

template <int N> INLINE void clear(f32 (*c)[4]) {
    #pragma unroll
    for (int j = 0; j < N; j++) {
        #pragma unroll
        for (int e = 0; e < 4; e++) {
            c[j][e] = 0;
        }
    }
}

// c (16 x N) = products of 16 rows of tile a, from `first` on, with N rows of tile b.
template <int HEAD, int N, class T> INLINE void products(f32 (*c)[4], u32 a, int first, u32 b) {
    int lane = threadIdx.x % 32;
    clear<N / 8>(c);
    #pragma unroll
    for (int k = 0; k < HEAD; k += 16) {
        u32 left[4];
        loadMatrices<false>(left, a + chunk<HEAD>(first + (lane & 15), k + lane / 16 * 8));
        #pragma unroll
        for (int j = 0; j < N / 16; j++) {
            u32 right[4];
            loadMatrices<false>(right, b + chunk<HEAD>(j * 16 + (lane & 7) + lane / 16 * 8, k + (lane / 8 & 1) * 8));
            multiplyAdd(c[2 * j], left, right[0], right[1], T());
            multiplyAdd(c[2 * j + 1], left, right[2], right[3], T());
        }
    }
}

// c (16 x HEAD) += p (16 x K) times the K rows of a tile.
template <int HEAD, int K, class T> INLINE void addProducts(f32 (*c)[4], const f32 (*p)[4], u32 b) {
    int lane = threadIdx.x % 32;
    #pragma unroll
    for (int k = 0; k < K / 16; k++) {
        u32 left[4] = {pack(p[2 * k][0], p[2 * k][1], T()), pack(p[2 * k][2], p[2 * k][3], T()),
            pack(p[2 * k + 1][0], p[2 * k + 1][1], T()), pack(p[2 * k + 1][2], p[2 * k + 1][3], T())};
        #pragma unroll
        for (int j = 0; j < HEAD / 16; j++) {
            u32 right[4];
            loadMatrices<true>(right, b + chunk<HEAD>(k * 16 + (lane & 15), j * 16 + lane / 16 * 8));
            multiplyAdd(c[2 * j], left, right[0], right[1], T());
            multiplyAdd(c[2 * j + 1], left, right[2], right[3], T());
        }
    }
}

// Writes 16 rows of d elements, an even number: this lane's rows are `row` and `row` + 8, of which there are `end`.
template <int HEAD, class T> INLINE void store(T* to, const f32 (*c)[4], int row, int end, int d, f32 low, f32 high) {
    #pragma unroll
    for (int j = 0; j < HEAD / 8; j++) {
        int column = j * 8 + threadIdx.x % 4 * 2;
        #pragma unroll
        for (int half = 0; half < 2; half++) {
            f32 scale = half ? high : low;
            if (row + half * 8 < end && column < d) {
                *(u32*) (to + (i64) (row + half * 8) * d + column) = pack(c[j][half * 2] * scale,
                        c[j][half * 2 + 1] * scale, T());
            }
        }
    }
}

// blockIdx: the block of queries, the head, the batch.
template <int HEAD, class T> INLINE void attention(Rows<T> q, Rows<T> k, Rows<T> v, Scores<T> mask, T* o, f32* lse,
        Sizes z) {
    const int KEYS = 64;
    __shared__ __align__(128) u8 memory[(ROWS + 2 * KEYS) * HEAD * 2];
    u32 qs = sharedAddress(memory);
    u32 ks = qs + ROWS * HEAD * 2;
    u32 vs = ks + KEYS * HEAD * 2;
    int head = blockIdx.y;
    int batch = blockIdx.z;
    int i0 = blockIdx.x * ROWS;
    int first = threadIdx.x / 32 * 16;
    int lane = threadIdx.x % 32;
    int i = i0 + first + lane / 4;                                  // and 8 more
    const T* keys = k.at(batch, head / (z.h / z.g));
    const T* values = v.at(batch, head / (z.h / z.g));
    Sight<T> sight[2] = {Sight<T>::query(mask, mask.head(batch, head), i, z),
        Sight<T>::query(mask, mask.head(batch, head), i + 8, z)};
    int end = z.causal ? max(0, min(z.s, min(z.t, i0 + ROWS) + z.s - z.t)) : z.s;
    tile<HEAD, ROWS>(qs, q.at(batch, head), q.t, i0, z.t, z.d);
    tile<HEAD, KEYS>(ks, keys, k.t, 0, end, z.d);
    commitCopies();
    tile<HEAD, KEYS>(vs, values, v.t, 0, end, z.e);
    commitCopies();
    f32 sum[HEAD / 8][4];
    clear<HEAD / 8>(sum);
    f32 m[2] = {-infinity(), -infinity()};
    f32 l[2] = {0, 0};
    #pragma unroll 1
    for (int j0 = 0; j0 < end; j0 += KEYS) {
        awaitCopies<1>();                                           // the keys, not yet the values
        __syncthreads();
        f32 p[KEYS / 8][4];
        products<HEAD, KEYS, T>(p, qs, first, ks);
        __syncthreads();
        if (j0 + KEYS < end) {
            tile<HEAD, KEYS>(ks, keys, k.t, j0 + KEYS, end, z.d);
        }
        commitCopies();
        bool all = !mask.x && j0 + KEYS <= (z.causal ? min(z.s, i0 + 1 + z.s - z.t) : z.s);
        f32 most[2] = {m[0], m[1]};
        #pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                f32 score = p[j][e] * z.scale;
                p[j][e] = (all ? score : sight[e / 2].apply(score, j0 + j * 8 + lane % 4 * 2 + e % 2)) * LOG2_E;
                most[e / 2] = p[j][e] > most[e / 2] ? p[j][e] : most[e / 2];
            }
        }
        #pragma unroll
        for (int half = 0; half < 2; half++) {
            #pragma unroll
            for (int step = 1; step < 4; step <<= 1) {
                f32 other = shuffleXor(most[half], step);
                most[half] = other > most[half] ? other : most[half];
            }
            f32 base = most[half] == -infinity() ? 0.f : most[half];
            f32 fade = powerOf2(m[half] - base);
            m[half] = most[half];
            l[half] *= fade;
            #pragma unroll
            for (int j = 0; j < HEAD / 8; j++) {
                sum[j][half * 2] *= fade;
                sum[j][half * 2 + 1] *= fade;
            }
            #pragma unroll
            for (int j = 0; j < KEYS / 8; j++) {
                p[j][half * 2] = powerOf2(p[j][half * 2] - base);
                p[j][half * 2 + 1] = powerOf2(p[j][half * 2 + 1] - base);
                l[half] += p[j][half * 2] + p[j][half * 2 + 1];
            }
        }
        awaitCopies<1>();                                           // the values, not yet the next keys
        __syncthreads();
        addProducts<HEAD, KEYS, T>(sum, p, vs);
        __syncthreads();
        if (j0 + KEYS < end) {
            tile<HEAD, KEYS>(vs, values, v.t, j0 + KEYS, end, z.e);
        }
        commitCopies();
    }
    i64 row = ((i64) batch * z.h + head) * z.t;
    #pragma unroll
    for (int half = 0; half < 2; half++) {
        l[half] += shuffleXor(l[half], 1);
        l[half] += shuffleXor(l[half], 2);
        if (lane % 4 == 0 && i + half * 8 < z.t) {
            lse[row + i + half * 8] = l[half] == 0 ? -infinity() : m[half] * LN_2 + logf(l[half]);
        }
    }
    store<HEAD>(o + row * z.e, sum, i, z.t, z.e, l[0] == 0 ? 0.f : 1.f / l[0], l[1] == 0 ? 0.f : 1.f / l[1]);
}

// The log-sum-exp of a query that saw nothing is minus infinity; with 0 its probabilities are 0.
INLINE f32 finite(f32 lse) { return lse == -infinity() ? 0.f : lse; }

// dq = scale ds k, with ds = p (do v^T - delta).
template <int HEAD, class T> INLINE void gradQueries(Rows<T> q, Rows<T> k, Rows<T> v, Rows<T> dO, Scores<T> mask,
        const f32* lse, const f32* delta, T* dq, Sizes z) {
    const int KEYS = HEAD > 64 ? 32 : 64;
    __shared__ __align__(128) u8 memory[2 * (ROWS + KEYS) * HEAD * 2];
    u32 qs = sharedAddress(memory);
    u32 gs = qs + ROWS * HEAD * 2;
    u32 ks = gs + ROWS * HEAD * 2;
    u32 vs = ks + KEYS * HEAD * 2;
    int head = blockIdx.y;
    int batch = blockIdx.z;
    int i0 = blockIdx.x * ROWS;
    int first = threadIdx.x / 32 * 16;
    int lane = threadIdx.x % 32;
    int i = i0 + first + lane / 4;
    const T* keys = k.at(batch, head / (z.h / z.g));
    const T* values = v.at(batch, head / (z.h / z.g));
    Sight<T> sight[2] = {Sight<T>::query(mask, mask.head(batch, head), i, z),
        Sight<T>::query(mask, mask.head(batch, head), i + 8, z)};
    i64 row = ((i64) batch * z.h + head) * z.t;
    int end = z.causal ? max(0, min(z.s, min(z.t, i0 + ROWS) + z.s - z.t)) : z.s;
    tile<HEAD, ROWS>(qs, q.at(batch, head), q.t, i0, z.t, z.d);
    tile<HEAD, ROWS>(gs, dO.at(batch, head), dO.t, i0, z.t, z.e);
    f32 log[2];
    f32 mean[2];
    #pragma unroll
    for (int half = 0; half < 2; half++) {
        bool exists = i + half * 8 < z.t;
        log[half] = exists ? finite(lse[row + i + half * 8]) : 0.f;
        mean[half] = exists ? delta[row + i + half * 8] : 0.f;
    }
    f32 sum[HEAD / 8][4];
    clear<HEAD / 8>(sum);
    #pragma unroll 1
    for (int j0 = 0; j0 < end; j0 += KEYS) {
        __syncthreads();
        tile<HEAD, KEYS>(ks, keys, k.t, j0, end, z.d);
        tile<HEAD, KEYS>(vs, values, v.t, j0, end, z.e);
        commitCopies();
        awaitCopies<0>();
        __syncthreads();
        f32 p[KEYS / 8][4];
        f32 dp[KEYS / 8][4];
        products<HEAD, KEYS, T>(p, qs, first, ks);
        products<HEAD, KEYS, T>(dp, gs, first, vs);
        #pragma unroll
        for (int j = 0; j < KEYS / 8; j++) {
            #pragma unroll
            for (int e = 0; e < 4; e++) {
                f32 score = sight[e / 2].apply(p[j][e] * z.scale, j0 + j * 8 + lane % 4 * 2 + e % 2);
                p[j][e] = powerOf2((score - log[e / 2]) * LOG2_E) * (dp[j][e] - mean[e / 2]);
            }
        }
        addProducts<HEAD, KEYS, T>(sum, p, ks);
    }
    awaitCopies<0>();
    store<HEAD>(dq + row * z.d, sum, i, z.t, z.d, z.scale, z.scale);
}

// dv = p^T do and dk = scale ds^T q, summed over the query heads of a key head. blockIdx: the block of keys, the key
// head, the batch.
template <int HEAD, class T> INLINE void gradKeys(Rows<T> q, Rows<T> k, Rows<T> v, Rows<T> dO, Scores<T> mask,
        const f32* lse, const f32* delta, T* dk, T* dv, Sizes z) {
    const int QUERIES = 32;
    __shared__ __align__(128) u8 memory[2 * (ROWS + QUERIES) * HEAD * 2];
    u32 ks = sharedAddress(memory);
    u32 vs = ks + ROWS * HEAD * 2;
    u32 qs = vs + ROWS * HEAD * 2;
    u32 gs = qs + QUERIES * HEAD * 2;
    int group = blockIdx.y;
    int batch = blockIdx.z;
    int j0 = blockIdx.x * ROWS;
    int first = threadIdx.x / 32 * 16;
    int lane = threadIdx.x % 32;
    int j = j0 + first + lane / 4;                                  // and 8 more
    tile<HEAD, ROWS>(ks, k.at(batch, group), k.t, j0, z.s, z.d);
    tile<HEAD, ROWS>(vs, v.at(batch, group), v.t, j0, z.s, z.e);
    f32 dKey[HEAD / 8][4];
    f32 dValue[HEAD / 8][4];
    clear<HEAD / 8>(dKey);
    clear<HEAD / 8>(dValue);
    int begin = z.causal ? max(0, j0 - (z.s - z.t)) : 0;            // the first query that sees a key of the block
    #pragma unroll 1
    for (int head = group * (z.h / z.g); head < (group + 1) * (z.h / z.g); head++) {
        Sight<T> sight[2] = {Sight<T>::key(mask, mask.head(batch, head), j, z),
            Sight<T>::key(mask, mask.head(batch, head), j + 8, z)};
        i64 row = ((i64) batch * z.h + head) * z.t;
        #pragma unroll 1
        for (int i0 = begin; i0 < z.t; i0 += QUERIES) {
            __syncthreads();
            tile<HEAD, QUERIES>(qs, q.at(batch, head), q.t, i0, z.t, z.d);
            tile<HEAD, QUERIES>(gs, dO.at(batch, head), dO.t, i0, z.t, z.e);
            commitCopies();
            awaitCopies<0>();
            __syncthreads();
            f32 p[QUERIES / 8][4];
            f32 ds[QUERIES / 8][4];
            products<HEAD, QUERIES, T>(p, ks, first, qs);
            products<HEAD, QUERIES, T>(ds, vs, first, gs);
            #pragma unroll
            for (int n = 0; n < QUERIES / 8; n++) {
                #pragma unroll
                for (int e = 0; e < 2; e++) {
                    int i = i0 + n * 8 + lane % 4 * 2 + e;
                    f32 log = i < z.t ? finite(lse[row + i]) : 0.f;
                    f32 mean = i < z.t ? delta[row + i] : 0.f;
                    #pragma unroll
                    for (int half = 0; half < 2; half++) {
                        f32 score = sight[half].apply(p[n][half * 2 + e] * z.scale, i);
                        p[n][half * 2 + e] = powerOf2((score - log) * LOG2_E);
                        ds[n][half * 2 + e] = p[n][half * 2 + e] * (ds[n][half * 2 + e] - mean);
                    }
                }
            }
            addProducts<HEAD, QUERIES, T>(dValue, p, gs);
            addProducts<HEAD, QUERIES, T>(dKey, ds, qs);
        }
    }
    awaitCopies<0>();
    i64 to = ((i64) batch * z.g + group) * z.s;
    store<HEAD>(dk + to * z.d, dKey, j, z.s, z.d, z.scale, z.scale);
    store<HEAD>(dv + to * z.e, dValue, j, z.s, z.e, 1.f, 1.f);
}

#define ATTENTION(HEAD, name, T) \
    extern "C" __global__ void __launch_bounds__(THREADS) attention_##HEAD##_##name(Rows<T> q, Rows<T> k, Rows<T> v, \
            Scores<T> mask, T* o, f32* lse, Sizes z) { \
        attention<HEAD>(q, k, v, mask, o, lse, z); \
    } \
    extern "C" __global__ void __launch_bounds__(THREADS) attentionGradQueries_##HEAD##_##name(Rows<T> q, Rows<T> k, \
            Rows<T> v, Rows<T> dO, Scores<T> mask, const f32* lse, const f32* delta, T* dq, Sizes z) { \
        gradQueries<HEAD>(q, k, v, dO, mask, lse, delta, dq, z); \
    } \
    extern "C" __global__ void __launch_bounds__(THREADS) attentionGradKeys_##HEAD##_##name(Rows<T> q, Rows<T> k, \
            Rows<T> v, Rows<T> dO, Scores<T> mask, const f32* lse, const f32* delta, T* dk, T* dv, Sizes z) { \
        gradKeys<HEAD>(q, k, v, dO, mask, lse, delta, dk, dv, z); \
    }
#define HEADS(name, T) \
    ATTENTION(64, name, T) \
    ATTENTION(128, name, T) \
    DELTA(name, T) \
    KERNEL attentionBias_##name(const u8* mask, T* bias, i64 n) { asBias(mask, bias, n); }
