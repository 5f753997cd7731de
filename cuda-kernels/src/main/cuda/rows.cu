// Operations on rows along the last axis: softmax, normalisation, cross-entropy, rotary embedding, and dropout. The
// arithmetic is in f32. The threads of a block's x direction share a row: a warp, or several of them.
#include "common.cuh"

// Sums over the threads that share a row, in each of them.
INLINE f32 rowSum(f32 x) {
    __shared__ f32 parts[32];
    x = warpSum(x);
    if (blockDim.x == 32) {
        return x;
    }
    __syncthreads();
    if (threadIdx.x % 32 == 0) {
        parts[threadIdx.x / 32] = x;
    }
    __syncthreads();
    x = parts[0];
    #pragma unroll 1
    for (int w = 1; w < blockDim.x / 32; w++) {
        x += parts[w];
    }
    return x;
}

INLINE i64 row() { return (i64) blockIdx.x * blockDim.y + threadIdx.y; }

// A maximum m and the sum s of exp(x - m) over the elements seen so far.
struct Exponentials {
    f32 m;
    f32 s;

    INLINE void add(f32 x) {
        if (x > m) {
            s = s * expf(m - x) + 1.f;
            m = x;
        } else if (x != m) {
            s += expf(x - m);
        } else {
            s += x == -infinity() ? 0.f : x == infinity() ? x - x : 1.f;
        }
    }

    INLINE void join(f32 otherM, f32 otherS) {
        f32 most = otherM > m ? otherM : m;
        if (most == -infinity()) {
            s += otherS;
        } else {
            s = s * expf(m - most) + otherS * expf(otherM - most);
        }
        m = most;
    }
};

// Over a whole row, in each of the threads that share it.
template <class T> INLINE Exponentials exponentials(const T* x, i64 d) {
    __shared__ f32 most[32];
    __shared__ f32 sums[32];
    Exponentials e = {-infinity(), 0.f};
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        e.add(get(x[i]));
    }
    #pragma unroll 1
    for (int lane = 16; lane > 0; lane >>= 1) {
        f32 m = shuffleXor(e.m, lane);
        f32 s = shuffleXor(e.s, lane);
        // the same order in both lanes: the same bits in all
        if (threadIdx.x & lane) {
            Exponentials left = {m, s};
            left.join(e.m, e.s);
            e = left;
        } else {
            e.join(m, s);
        }
    }
    if (blockDim.x > 32) {
        if (threadIdx.x % 32 == 0) {
            most[threadIdx.x / 32] = e.m;
            sums[threadIdx.x / 32] = e.s;
        }
        __syncthreads();
        e.m = most[0];
        e.s = sums[0];
        #pragma unroll 1
        for (int w = 1; w < blockDim.x / 32; w++) {
            e.join(most[w], sums[w]);
        }
    }
    return e;
}

template <class T> INLINE void softmax(const T* x, T* y, i64 n, i64 d, int logarithm) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    x += r * d;
    y += r * d;
    Exponentials e = exponentials(x, d);
    f32 scale = 1.f / e.s;
    f32 log = logf(e.s);
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 shifted = get(x[i]) - e.m;
        put(y + i, logarithm ? shifted - log : expf(shifted) * scale);
    }
}

// dx = y (dy - sum y dy), or dx = dy - exp(y) sum dy.
template <class T> INLINE void softmaxGrad(const T* y, const T* dy, T* dx, i64 n, i64 d, int logarithm) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    y += r * d;
    dy += r * d;
    dx += r * d;
    f32 sum = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        sum += logarithm ? get(dy[i]) : get(y[i]) * get(dy[i]);
    }
    sum = rowSum(sum);
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 v = get(y[i]);
        put(dx + i, logarithm ? get(dy[i]) - expf(v) * sum : v * (get(dy[i]) - sum));
    }
}

// Weights of classes may be absent: w = 0.
template <class T> INLINE void crossEntropy(const T* x, const i64* t, const T* w, T* loss, T* lse, i64 n, i64 d,
        i64 ignored) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    x += r * d;
    Exponentials e = exponentials(x, d);
    if (threadIdx.x == 0) {
        f32 log = logf(e.s);
        i64 target = t[r];
        f32 value = 0;
        if (target != ignored) {
            bool exists = (u64) target < (u64) d;               // another check finds that it does not
            value = exists ? log - (get(x[target]) - e.m) : 0.f;
            value = w && exists ? value * get(w[target]) : value;
        }
        put(loss + r, value);
        put(lse + r, log + e.m);
    }
}

template <class T> INLINE void crossEntropyGrad(const T* x, const i64* t, const T* lse, const T* dLoss, const T* w,
        T* dx, i64 n, i64 d, i64 ignored) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    i64 target = t[r];
    f32 scale = target == ignored || (u64) target >= (u64) d ? 0.f
            : w ? get(dLoss[r]) * get(w[target]) : get(dLoss[r]);
    f32 log = get(lse[r]);
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 p = target == ignored ? 0.f : expf(get(x[r * d + i]) - log) - (i == target ? 1.f : 0.f);
        put(dx + r * d + i, p * scale);
    }
}

// The cross-entropy of logits that were made in f32; both results are 0 in ignored rows.
template <class T> INLINE void chunkLoss(const f32* z, const i64* t, T* loss, T* lse, i64 n, i64 d, i64 ignored) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    i64 target = t[r];
    z += r * d;
    Exponentials e = {0.f, 1.f};
    if (target != ignored) {                                    // the same for all threads of the row
        e = exponentials(z, d);
    }
    if (threadIdx.x == 0) {
        f32 log = logf(e.s);
        bool exists = (u64) target < (u64) d;
        put(loss + r, exists && target != ignored ? log - (z[target] - e.m) : 0.f);
        put(lse + r, log + e.m);
    }
}

// Its gradient by the logits, 0 where the row is ignored or dLoss is 0.
template <class T> INLINE void chunkGrad(const f32* z, const i64* t, const T* lse, const T* dLoss, T* g, i64 n, i64 d,
        i64 ignored) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    i64 target = t[r];
    f32 scale = get(dLoss[r]);
    f32 log = get(lse[r]);
    bool counts = target != ignored && scale != 0.f && (u64) target < (u64) d;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        put(g + r * d + i, counts ? (expf(z[r * d + i] - log) - (i == target ? 1.f : 0.f)) * scale : 0.f);
    }
}

// With `layer`: y = (x - mean) rstd w + b; else y = x rstd w with a mean of 0, and b and `means` do not exist.
template <bool layer, class T> INLINE void norm(const T* x, const T* w, const T* b, T* y, T* means, T* scales, i64 n,
        i64 d, f32 eps) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    x += r * d;
    y += r * d;
    f32 mean = 0;
    if (layer) {
        #pragma unroll 1
        for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
            mean += get(x[i]);
        }
        mean = rowSum(mean) / d;
    }
    f32 squares = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 v = get(x[i]) - mean;
        squares += v * v;
    }
    f32 scale = 1.f / sqrtf(rowSum(squares) / d + eps);
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 v = (get(x[i]) - mean) * scale * get(w[i]);
        put(y + i, layer ? v + get(b[i]) : v);
    }
    if (threadIdx.x == 0) {
        put(scales + r, scale);
        if (layer) {
            put(means + r, mean);
        }
    }
}

// With h = (x - mean) rstd and g = dy w: dx = rstd (g - mean(g) - h mean(g h)); mean(g) is left out without `layer`.
template <bool layer, class T> INLINE void normGrad(const T* x, const T* w, const T* means, const T* scales,
        const T* dy, T* dx, i64 n, i64 d) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    x += r * d;
    dy += r * d;
    dx += r * d;
    f32 mean = layer ? get(means[r]) : 0.f;
    f32 scale = get(scales[r]);
    f32 sum = 0;
    f32 product = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 g = get(dy[i]) * get(w[i]);
        sum += g;
        product += g * ((get(x[i]) - mean) * scale);
    }
    sum = layer ? rowSum(sum) / d : 0.f;
    product = rowSum(product) / d;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < d; i += blockDim.x) {
        f32 g = get(dy[i]) * get(w[i]);
        put(dx + i, scale * (g - sum - (get(x[i]) - mean) * scale * product));
    }
}

// dw = sum dy h and db = sum dy over rows [c * chunk, ...), left in parts[c, i] and in parts[chunks + c, i]. Blocks of
// (32, 8) threads; blockIdx.y: the chunk c.
template <bool layer, class T> INLINE void normGradColumns(const T* x, const T* means, const T* scales, const T* dy,
        f32* parts, i64 n, i64 d, i64 chunk) {
    __shared__ f32 products[8][32];
    __shared__ f32 sums[8][32];
    i64 i = (i64) blockIdx.x * 32 + threadIdx.x;
    i64 from = blockIdx.y * chunk;
    i64 to = min(n, from + chunk);
    f32 product = 0;
    f32 sum = 0;
    if (i < d) {
        #pragma unroll 2
        for (i64 r = from + threadIdx.y; r < to; r += 8) {
            f32 g = get(dy[r * d + i]);
            product += g * ((get(x[r * d + i]) - (layer ? get(means[r]) : 0.f)) * get(scales[r]));
            sum += g;
        }
    }
    products[threadIdx.y][threadIdx.x] = product;
    sums[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && i < d) {
        #pragma unroll
        for (int k = 1; k < 8; k++) {
            product += products[k][threadIdx.x];
            sum += sums[k][threadIdx.x];
        }
        parts[blockIdx.y * d + i] = product;
        if (layer) {
            parts[((i64) gridDim.y + blockIdx.y) * d + i] = sum;
        }
    }
}

// A thread for each pair (x_i, x_(i + half)) of rows of 2 half elements at positions row mod t.
template <class T> INLINE void rotary(const T* x, const T* cosines, const T* sines, T* y, i64 n, i64 t, i64 half) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= n) {
        return;
    }
    i64 r = at / half;
    i64 i = at % half;
    f32 c = get(cosines[r % t * half + i]);
    f32 s = get(sines[r % t * half + i]);
    f32 a = get(x[r * 2 * half + i]);
    f32 b = get(x[r * 2 * half + half + i]);
    put(y + r * 2 * half + i, a * c - b * s);
    put(y + r * 2 * half + half + i, b * c + a * s);
}

// Philox4x32-10, as org.sfumato.tensor.spi.Philox has it: the words of block `block` of a stream.
INLINE void philox(u64 seed, u64 stream, u64 block, u32* words) {
    u32 c0 = (u32) block;
    u32 c1 = (u32) (block >> 32);
    u32 c2 = (u32) stream;
    u32 c3 = (u32) (stream >> 32);
    u32 k0 = (u32) seed;
    u32 k1 = (u32) (seed >> 32);
    #pragma unroll 1
    for (int round = 0; round < 10; round++) {
        u64 p0 = (u64) 0xD2511F53u * c0;
        u64 p1 = (u64) 0xCD9E8D57u * c2;
        c0 = (u32) (p1 >> 32) ^ c1 ^ k0;
        c1 = (u32) p1;
        c2 = (u32) (p0 >> 32) ^ c3 ^ k1;
        c3 = (u32) p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
}

// A thread for each four elements. An element is kept if the upper 24 bits of its word are below `limit`. Seed and
// stream are read from `key` if there is one.
template <class T> INLINE void dropout(const T* x, T* y, i64 n, u64 seed, u64 stream, const u64* key, u32 limit,
        f32 scale) {
    i64 block = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (block * 4 >= n) {
        return;
    }
    if (key) {
        seed = key[0];
        stream = key[1];
    }
    u32 words[4];
    philox(seed, stream, block, words);
    #pragma unroll
    for (int e = 0; e < 4; e++) {
        i64 at = block * 4 + e;
        if (at < n) {
            put(y + at, get(x[at]) * (words[e] >> 8 < limit ? 1.f : 0.f) * scale);
        }
    }
}

#define ROWS(name, T) \
    KERNEL softmax_##name(const T* x, T* y, i64 n, i64 d, int logarithm) { softmax(x, y, n, d, logarithm); } \
    KERNEL softmaxGrad_##name(const T* y, const T* dy, T* dx, i64 n, i64 d, int logarithm) { \
        softmaxGrad(y, dy, dx, n, d, logarithm); \
    } \
    KERNEL crossEntropy_##name(const T* x, const i64* t, const T* w, T* loss, T* lse, i64 n, i64 d, i64 ignored) { \
        crossEntropy(x, t, w, loss, lse, n, d, ignored); \
    } \
    KERNEL crossEntropyGrad_##name(const T* x, const i64* t, const T* lse, const T* dLoss, const T* w, T* dx, i64 n, \
            i64 d, i64 ignored) { \
        crossEntropyGrad(x, t, lse, dLoss, w, dx, n, d, ignored); \
    } \
    KERNEL chunkLoss_##name(const f32* z, const i64* t, T* loss, T* lse, i64 n, i64 d, i64 ignored) { \
        chunkLoss(z, t, loss, lse, n, d, ignored); \
    } \
    KERNEL chunkGrad_##name(const f32* z, const i64* t, const T* lse, const T* dLoss, T* g, i64 n, i64 d, \
            i64 ignored) { \
        chunkGrad(z, t, lse, dLoss, g, n, d, ignored); \
    } \
    KERNEL layerNorm_##name(const T* x, const T* w, const T* b, T* y, T* means, T* scales, i64 n, i64 d, f32 eps) { \
        norm<true>(x, w, b, y, means, scales, n, d, eps); \
    } \
    KERNEL rmsNorm_##name(const T* x, const T* w, T* y, T* scales, i64 n, i64 d, f32 eps) { \
        norm<false>(x, w, (const T*) 0, y, (T*) 0, scales, n, d, eps); \
    } \
    KERNEL layerNormGrad_##name(const T* x, const T* w, const T* means, const T* scales, const T* dy, T* dx, i64 n, \
            i64 d) { \
        normGrad<true>(x, w, means, scales, dy, dx, n, d); \
    } \
    KERNEL rmsNormGrad_##name(const T* x, const T* w, const T* scales, const T* dy, T* dx, i64 n, i64 d) { \
        normGrad<false>(x, w, (const T*) 0, scales, dy, dx, n, d); \
    } \
    KERNEL layerNormGradColumns_##name(const T* x, const T* means, const T* scales, const T* dy, f32* parts, i64 n, \
            i64 d, i64 chunk) { \
        normGradColumns<true>(x, means, scales, dy, parts, n, d, chunk); \
    } \
    KERNEL rmsNormGradColumns_##name(const T* x, const T* scales, const T* dy, f32* parts, i64 n, i64 d, i64 chunk) { \
        normGradColumns<false>(x, (const T*) 0, scales, dy, parts, n, d, chunk); \
    } \
    KERNEL rotary_##name(const T* x, const T* cosines, const T* sines, T* y, i64 n, i64 t, i64 half) { \
        rotary(x, cosines, sines, y, n, t, half); \
    } \
    KERNEL dropout_##name(const T* x, T* y, i64 n, u64 seed, u64 stream, const u64* key, u32 limit, \
            f32 scale) { \
        dropout(x, y, n, seed, stream, key, limit, scale); \
    }
FLOATS(ROWS)
