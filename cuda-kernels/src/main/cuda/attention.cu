// Attention and its gradients in f32 by fused multiply-adds, without the matrix of all scores.
//
// LANES neighbouring threads share a row (a query, or a key in the gradient of keys and values): each holds every
// LANES-th group of four of its elements in registers. The rows of the other kind pass through shared memory in tiles.
// A product of two rows is summed over the lanes by shuffles. No sum depends on the order of blocks.
// Source: Dao et al. 2022, arXiv 2205.14135, algorithms 1 and 4.
#include "attention.cuh"

typedef Rows<f32> Heads;
typedef Scores<f32> Mask;

// A lane's share of a row of at most MOST elements.
template <int MOST, int LANES> struct Share {
    static const int GROUPS = MOST / (4 * LANES);
    f32 x[GROUPS][4];

    INLINE void clear() {
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            #pragma unroll
            for (int r = 0; r < 4; r++) {
                x[i][r] = 0;
            }
        }
    }

    // Of `row`, which has d elements, or none if there is no such row.
    INLINE void load(const f32* row, int d, bool exists) {
        int lane = threadIdx.x % LANES;
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            #pragma unroll
            for (int r = 0; r < 4; r++) {
                int at = (i * LANES + lane) * 4 + r;
                x[i][r] = exists && at < d ? row[at] : 0.f;
            }
        }
    }

    INLINE void store(f32* row, int d, bool exists, f32 scale) const {
        int lane = threadIdx.x % LANES;
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            #pragma unroll
            for (int r = 0; r < 4; r++) {
                int at = (i * LANES + lane) * 4 + r;
                if (exists && at < d) {
                    row[at] = x[i][r] * scale;
                }
            }
        }
    }

    // The product with a row in shared memory, in each of its lanes.
    INLINE f32 dot(const f32* row) const {
        f32 sum = 0;
        int lane = threadIdx.x % LANES;
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            float4 v = *(const float4*) (row + (i * LANES + lane) * 4);
            sum += x[i][0] * v.x + x[i][1] * v.y + x[i][2] * v.z + x[i][3] * v.w;
        }
        #pragma unroll
        for (int step = 1; step < LANES; step <<= 1) {
            sum += shuffleXor(sum, step);
        }
        return sum;
    }

    // += a * row
    INLINE void add(f32 a, const f32* row) {
        int lane = threadIdx.x % LANES;
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            float4 v = *(const float4*) (row + (i * LANES + lane) * 4);
            x[i][0] += a * v.x;
            x[i][1] += a * v.y;
            x[i][2] += a * v.z;
            x[i][3] += a * v.w;
        }
    }

    INLINE void scale(f32 a) {
        #pragma unroll
        for (int i = 0; i < GROUPS; i++) {
            #pragma unroll
            for (int r = 0; r < 4; r++) {
                x[i][r] *= a;
            }
        }
    }
};

// Copies rows [from, end) of d elements, `step` apart, into shared rows of MOST; what is not there is 0.
template <int MOST, int ROWS> INLINE void tile(const f32* x, i64 step, int from, int end, int d, f32 (*to)[MOST]) {
    #pragma unroll 1
    for (int e = threadIdx.x; e < ROWS * MOST; e += THREADS) {
        int r = e / MOST;
        int c = e % MOST;
        to[r][c] = from + r < end && c < d ? x[(from + r) * step + c] : 0.f;
    }
}

// blockIdx: the block of queries, the head, the batch.
template <int MOST, int LANES, int KEYS> INLINE void attention(Heads q, Heads k, Heads v, Mask mask, f32* o, f32* lse,
        Sizes z) {
    const int QUERIES = THREADS / LANES;
    const int STEP = 4;                                             // keys of one step of the running softmax
    __shared__ __align__(16) f32 ks[KEYS][MOST];
    __shared__ __align__(16) f32 vs[KEYS][MOST];
    int head = blockIdx.y;
    int batch = blockIdx.z;
    int i0 = blockIdx.x * QUERIES;
    int i = i0 + threadIdx.x / LANES;
    Share<MOST, LANES> query;
    query.load(q.at(batch, head) + i * q.t, z.d, i < z.t);
    Share<MOST, LANES> sum;
    sum.clear();
    f32 m = -infinity();
    f32 l = 0;
    const f32* keys = k.at(batch, head / (z.h / z.g));
    const f32* values = v.at(batch, head / (z.h / z.g));
    i64 maskHead = mask.head(batch, head);
    int end = z.causal ? max(0, min(z.s, min(z.t, i0 + QUERIES) + z.s - z.t)) : z.s;
    #pragma unroll 1
    for (int j0 = 0; j0 < end; j0 += KEYS) {
        __syncthreads();
        tile<MOST, KEYS>(keys, k.t, j0, end, z.d, ks);
        tile<MOST, KEYS>(values, v.t, j0, end, z.e, vs);
        __syncthreads();
        #pragma unroll 1
        for (int j = 0; j < KEYS && j0 + j < end; j += STEP) {
            f32 p[STEP];
            f32 most = m;
            #pragma unroll
            for (int n = 0; n < STEP; n++) {
                f32 score = query.dot(ks[j + n]) * z.scale;
                bool seen = z.sees(i, j0 + j + n);
                p[n] = seen ? mask.apply(score, maskHead, i, j0 + j + n) : -infinity();
                most = p[n] > most ? p[n] : most;
            }
            f32 base = most == -infinity() ? 0.f : most;
            f32 fade = expf(m - base);
            m = most;
            l *= fade;
            sum.scale(fade);
            #pragma unroll
            for (int n = 0; n < STEP; n++) {
                p[n] = expf(p[n] - base);
                l += p[n];
                sum.add(p[n], vs[j + n]);
            }
        }
    }
    i64 row = ((i64) batch * z.h + head) * z.t + i;
    sum.store(o + row * z.e, z.e, i < z.t, l == 0 ? 0.f : 1.f / l);
    if (i < z.t && threadIdx.x % LANES == 0) {
        lse[row] = l == 0 ? -infinity() : m + logf(l);
    }
}

// The exponential of a score less its log-sum-exp; that of a query that saw nothing is minus infinity.
INLINE f32 probability(f32 score, f32 lse) { return expf(score - (lse == -infinity() ? 0.f : lse)); }

// dq = scale ds k, with ds = p (do v^T - delta).
template <int MOST, int LANES, int KEYS> INLINE void gradQueries(Heads q, Heads k, Heads v, Heads dO, Mask mask,
        const f32* lse, const f32* delta, f32* dq, Sizes z) {
    const int QUERIES = THREADS / LANES;
    __shared__ __align__(16) f32 ks[KEYS][MOST];
    __shared__ __align__(16) f32 vs[KEYS][MOST];
    int head = blockIdx.y;
    int batch = blockIdx.z;
    int i0 = blockIdx.x * QUERIES;
    int i = i0 + threadIdx.x / LANES;
    bool exists = i < z.t;
    i64 row = ((i64) batch * z.h + head) * z.t + i;
    Share<MOST, LANES> query;
    Share<MOST, LANES> gradient;
    Share<MOST, LANES> sum;
    query.load(q.at(batch, head) + i * q.t, z.d, exists);
    gradient.load(dO.at(batch, head) + i * dO.t, z.e, exists);
    sum.clear();
    f32 log = exists ? lse[row] : 0.f;
    f32 mean = exists ? delta[row] : 0.f;
    const f32* keys = k.at(batch, head / (z.h / z.g));
    const f32* values = v.at(batch, head / (z.h / z.g));
    i64 maskHead = mask.head(batch, head);
    int end = z.causal ? max(0, min(z.s, min(z.t, i0 + QUERIES) + z.s - z.t)) : z.s;
    #pragma unroll 1
    for (int j0 = 0; j0 < end; j0 += KEYS) {
        __syncthreads();
        tile<MOST, KEYS>(keys, k.t, j0, end, z.d, ks);
        tile<MOST, KEYS>(values, v.t, j0, end, z.e, vs);
        __syncthreads();
        #pragma unroll 2
        for (int j = 0; j < min(KEYS, end - j0); j++) {
            f32 score = query.dot(ks[j]) * z.scale;
            f32 dp = gradient.dot(vs[j]);
            f32 p = z.sees(i, j0 + j) ? probability(mask.apply(score, maskHead, i, j0 + j), log) : 0.f;
            sum.add(p * (dp - mean), ks[j]);
        }
    }
    sum.store(dq + row * z.d, z.d, exists, z.scale);
}

// dv = p^T do and dk = scale ds^T q, summed over the query heads of a key head. blockIdx: the block of keys, the key
// head, the batch.
template <int MOST, int LANES, int QUERIES> INLINE void gradKeys(Heads q, Heads k, Heads v, Heads dO, Mask mask,
        const f32* lse, const f32* delta, f32* dk, f32* dv, Sizes z) {
    const int KEYS = THREADS / LANES;
    __shared__ __align__(16) f32 qs[QUERIES][MOST];
    __shared__ __align__(16) f32 gs[QUERIES][MOST];
    int group = blockIdx.y;
    int batch = blockIdx.z;
    int j0 = blockIdx.x * KEYS;
    int j = j0 + threadIdx.x / LANES;
    bool exists = j < z.s;
    Share<MOST, LANES> key;
    Share<MOST, LANES> value;
    Share<MOST, LANES> dKey;
    Share<MOST, LANES> dValue;
    key.load(k.at(batch, group) + j * k.t, z.d, exists);
    value.load(v.at(batch, group) + j * v.t, z.e, exists);
    dKey.clear();
    dValue.clear();
    int first = z.causal ? max(0, j0 - (z.s - z.t)) : 0;            // the first query that sees a key of the block
    #pragma unroll 1
    for (int head = group * (z.h / z.g); head < (group + 1) * (z.h / z.g); head++) {
        i64 maskHead = mask.head(batch, head);
        i64 row = ((i64) batch * z.h + head) * z.t;
        #pragma unroll 1
        for (int i0 = first; i0 < z.t; i0 += QUERIES) {
            __syncthreads();
            tile<MOST, QUERIES>(q.at(batch, head), q.t, i0, z.t, z.d, qs);
            tile<MOST, QUERIES>(dO.at(batch, head), dO.t, i0, z.t, z.e, gs);
            __syncthreads();
            #pragma unroll 1
            for (int i = 0; i < min(QUERIES, z.t - i0); i++) {
                f32 score = key.dot(qs[i]) * z.scale;
                f32 dp = value.dot(gs[i]);
                f32 p = z.sees(i0 + i, j) ? probability(mask.apply(score, maskHead, i0 + i, j), lse[row + i0 + i])
                        : 0.f;
                dValue.add(p, gs[i]);
                dKey.add(p * (dp - delta[row + i0 + i]), qs[i]);
            }
        }
    }
    i64 to = ((i64) batch * z.g + group) * z.s + j;
    dKey.store(dk + to * z.d, z.d, exists, z.scale);
    dValue.store(dv + to * z.e, z.e, exists, 1.f);
}

#define ATTENTION(MOST, LANES, ROWS) \
    extern "C" __global__ void __launch_bounds__(THREADS) attention_##MOST(Heads q, Heads k, Heads v, Mask mask, \
            f32* o, f32* lse, Sizes z) { \
        attention<MOST, LANES, ROWS>(q, k, v, mask, o, lse, z); \
    } \
    extern "C" __global__ void __launch_bounds__(THREADS) attentionGradQueries_##MOST(Heads q, Heads k, Heads v, \
            Heads dO, Mask mask, const f32* lse, const f32* delta, f32* dq, Sizes z) { \
        gradQueries<MOST, LANES, ROWS>(q, k, v, dO, mask, lse, delta, dq, z); \
    } \
    extern "C" __global__ void __launch_bounds__(THREADS) attentionGradKeys_##MOST(Heads q, Heads k, Heads v, \
            Heads dO, Mask mask, const f32* lse, const f32* delta, f32* dk, f32* dv, Sizes z) { \
        gradKeys<MOST, LANES, ROWS>(q, k, v, dO, mask, lse, delta, dk, dv, z); \
    }
ATTENTION(32, 4, 32)
ATTENTION(64, 4, 32)
ATTENTION(128, 8, 32)
ATTENTION(256, 8, 16)
DELTA(f32, f32)
