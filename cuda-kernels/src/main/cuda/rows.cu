// Operations on rows along the last axis: softmax, cross-entropy, rotary embedding, and dropout. The arithmetic is in
// f32.
#include "rows.cuh"

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
    bool aligned = isAligned(x);
    FOURS(i, d) {
        f32 v[EACH];
        load(v, x + i, d - i, aligned, -infinity());
        EACH_OF_FOUR(k) {
            e.add(v[k]);
        }
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
    bool aligned = isAligned(x) && isAligned(y);
    FOURS(i, d) {
        f32 v[EACH];
        load(v, x + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            v[k] = logarithm ? v[k] - e.m - log : expf(v[k] - e.m) * scale;
        }
        store(y + i, v, d - i, aligned);
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
    bool aligned = isAligned(y) && isAligned(dy) && isAligned(dx);
    f32 sum = 0;
    FOURS(i, d) {
        f32 v[EACH];
        f32 g[EACH];
        load(v, y + i, d - i, aligned);
        load(g, dy + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            sum += logarithm ? g[k] : v[k] * g[k];
        }
    }
    sum = rowSum(sum);
    FOURS(i, d) {
        f32 v[EACH];
        f32 g[EACH];
        load(v, y + i, d - i, aligned);
        load(g, dy + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            g[k] = logarithm ? g[k] - expf(v[k]) * sum : v[k] * (g[k] - sum);
        }
        store(dx + i, g, d - i, aligned);
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
    x += r * d;
    dx += r * d;
    bool aligned = isAligned(x) && isAligned(dx);
    FOURS(i, d) {
        f32 v[EACH];
        load(v, x + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            v[k] = target == ignored ? 0.f : (expf(v[k] - log) - (i + k == target ? 1.f : 0.f)) * scale;
        }
        store(dx + i, v, d - i, aligned);
    }
}

// The cross-entropy of logits that were made in f32; both results are 0 in ignored rows.
KERNEL chunkLoss(const f32* z, const i64* t, f32* loss, f32* lse, i64 n, i64 d, i64 ignored) {
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
        loss[r] = exists && target != ignored ? log - (z[target] - e.m) : 0.f;
        lse[r] = log + e.m;
    }
}

// Its gradient by the logits, 0 where the row is ignored or dLoss is 0.
template <class T> INLINE void chunkGrad(const f32* z, const i64* t, const f32* lse, const f32* dLoss, T* g, i64 n,
        i64 d, i64 ignored) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    i64 target = t[r];
    f32 scale = dLoss[r];
    f32 log = lse[r];
    bool counts = target != ignored && scale != 0.f && (u64) target < (u64) d;
    z += r * d;
    g += r * d;
    bool aligned = isAligned(z) && isAligned(g);
    FOURS(i, d) {
        f32 v[EACH];
        load(v, z + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            v[k] = counts ? (expf(v[k] - log) - (i + k == target ? 1.f : 0.f)) * scale : 0.f;
        }
        store(g + i, v, d - i, aligned);
    }
}

// A thread for each pair (x_i, x_(i + half)) of rows of 2 half elements at positions row mod t.
template <class T> INLINE void rotary(const T* x, const f32* cosines, const f32* sines, T* y, i64 n, i64 t,
        i64 half) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= n) {
        return;
    }
    i64 r = at / half;
    i64 i = at % half;
    f32 c = cosines[r % t * half + i];
    f32 s = sines[r % t * half + i];
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
    x += block * 4;
    y += block * 4;
    bool aligned = isAligned(x) && isAligned(y);
    f32 v[EACH];
    load(v, x, n - block * 4, aligned);
    EACH_OF_FOUR(e) {
        v[e] = v[e] * (words[e] >> 8 < limit ? 1.f : 0.f) * scale;
    }
    store(y, v, n - block * 4, aligned);
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
    KERNEL chunkGrad_##name(const f32* z, const i64* t, const f32* lse, const f32* dLoss, T* g, i64 n, i64 d, \
            i64 ignored) { \
        chunkGrad(z, t, lse, dLoss, g, n, d, ignored); \
    } \
    KERNEL rotary_##name(const T* x, const f32* cosines, const f32* sines, T* y, i64 n, i64 t, i64 half) { \
        rotary(x, cosines, sines, y, n, t, half); \
    } \
    KERNEL dropout_##name(const T* x, T* y, i64 n, u64 seed, u64 stream, const u64* key, u32 limit, \
            f32 scale) { \
        dropout(x, y, n, seed, stream, key, limit, scale); \
    }
FLOATS(ROWS)
