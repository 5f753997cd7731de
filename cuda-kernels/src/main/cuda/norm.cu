// Layer and RMS normalisation of rows along the last axis. The arithmetic is in f32.
#include "rows.cuh"

// With `layer`: y = (x - mean) rstd w + b; else y = x rstd w with a mean of 0, and b and `means` do not exist.
template <bool layer, class T> INLINE void norm(const T* x, const T* w, const T* b, T* y, T* means, T* scales, i64 n,
        i64 d, f32 eps) {
    i64 r = row();
    if (r >= n) {
        return;
    }
    x += r * d;
    y += r * d;
    bool aligned = isAligned(x) && isAligned(y) && isAligned(w) && isAligned(b);
    f32 mean = 0;
    if (layer) {
        FOURS(i, d) {
            f32 v[EACH];
            load(v, x + i, d - i, aligned);
            EACH_OF_FOUR(k) {
                mean += v[k];
            }
        }
        mean = rowSum(mean) / d;
    }
    f32 squares = 0;
    FOURS(i, d) {
        f32 v[EACH];
        load(v, x + i, d - i, aligned, mean);
        EACH_OF_FOUR(k) {
            squares += (v[k] - mean) * (v[k] - mean);
        }
    }
    f32 scale = 1.f / sqrtf(rowSum(squares) / d + eps);
    FOURS(i, d) {
        f32 v[EACH];
        f32 weight[EACH];
        f32 bias[EACH];
        load(v, x + i, d - i, aligned);
        load(weight, w + i, d - i, aligned);
        if (layer) {
            load(bias, b + i, d - i, aligned);
        }
        EACH_OF_FOUR(k) {
            v[k] = (v[k] - mean) * scale * weight[k];
            v[k] = layer ? v[k] + bias[k] : v[k];
        }
        store(y + i, v, d - i, aligned);
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
    bool aligned = isAligned(x) && isAligned(dy) && isAligned(dx) && isAligned(w);
    f32 sum = 0;
    f32 product = 0;
    FOURS(i, d) {
        f32 v[EACH];
        f32 g[EACH];
        f32 weight[EACH];
        load(v, x + i, d - i, aligned);
        load(g, dy + i, d - i, aligned);
        load(weight, w + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            g[k] *= weight[k];
            sum += g[k];
            product += g[k] * ((v[k] - mean) * scale);
        }
    }
    sum = layer ? rowSum(sum) / d : 0.f;
    product = rowSum(product) / d;
    FOURS(i, d) {
        f32 v[EACH];
        f32 g[EACH];
        f32 weight[EACH];
        load(v, x + i, d - i, aligned);
        load(g, dy + i, d - i, aligned);
        load(weight, w + i, d - i, aligned);
        EACH_OF_FOUR(k) {
            v[k] = scale * (g[k] * weight[k] - sum - (v[k] - mean) * scale * product);
        }
        store(dx + i, v, d - i, aligned);
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

#define NORMS(name, T) \
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
    }
FLOATS(NORMS)
