// Operations on images: group normalisation, average pooling, nearest up-sampling. Arithmetic is in f32.
#include "common.cuh"

// The sum over the threads of a block, in each of them; every call has its own `parts`.
INLINE f32 blockSum(f32 x, f32* parts) {
    x = warpSum(x);
    if (blockDim.x == 32) {
        return x;
    }
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

// y = (x - mean) rstd w + b, a block for each group of an image; a group is `size` elements, a channel `plane` of them.
template <class T> INLINE void groupNorm(const T* x, const T* w, const T* b, T* y, T* means, T* scales, i64 size,
        i64 plane, i64 groups, f32 eps) {
    __shared__ f32 parts[2][32];
    i64 r = blockIdx.x;
    x += r * size;
    y += r * size;
    i64 channel = r % groups * (size / plane);
    f32 mean = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) {
        mean += get(x[i]);
    }
    mean = blockSum(mean, parts[0]) / size;
    f32 squares = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) {
        f32 v = get(x[i]) - mean;
        squares += v * v;
    }
    f32 scale = 1.f / sqrtf(blockSum(squares, parts[1]) / size + eps);
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) {
        i64 at = channel + (u32) i / (u32) plane;
        put(y + i, (get(x[i]) - mean) * scale * get(w[at]) + get(b[at]));
    }
    if (threadIdx.x == 0) {
        put(means + r, mean);
        put(scales + r, scale);
    }
}

// With h = (x - mean) rstd and g = dy w: dx = rstd (g - mean(g) - h mean(g h)) over a group.
template <class T> INLINE void groupNormGrad(const T* x, const T* w, const T* means, const T* scales, const T* dy,
        T* dx, i64 size, i64 plane, i64 groups) {
    __shared__ f32 parts[2][32];
    i64 r = blockIdx.x;
    x += r * size;
    dy += r * size;
    dx += r * size;
    w += r % groups * (size / plane);
    f32 mean = get(means[r]);
    f32 scale = get(scales[r]);
    f32 sum = 0;
    f32 product = 0;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) {
        f32 g = get(dy[i]) * get(w[(u32) i / (u32) plane]);
        sum += g;
        product += g * ((get(x[i]) - mean) * scale);
    }
    sum = blockSum(sum, parts[0]) / size;
    product = blockSum(product, parts[1]) / size;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < size; i += blockDim.x) {
        f32 g = get(dy[i]) * get(w[(u32) i / (u32) plane]);
        put(dx + i, scale * (g - sum - (get(x[i]) - mean) * scale * product));
    }
}

// dw = sum dy h and db = sum dy over images [s * chunk, ...), left in sums[s, c] and in sums[chunks + s, c]; a block for
// each channel c = blockIdx.x and each part s = blockIdx.y.
template <class T> INLINE void groupNormGradChannels(const T* x, const T* means, const T* scales, const T* dy,
        f32* sums, i64 n, i64 channels, i64 plane, i64 groups, i64 chunk) {
    __shared__ f32 parts[2][32];
    i64 c = blockIdx.x;
    i64 group = c / (channels / groups);
    i64 to = min(n, (blockIdx.y + 1) * chunk);
    f32 product = 0;
    f32 sum = 0;
    #pragma unroll 1
    for (i64 image = blockIdx.y * chunk; image < to; image++) {
        f32 mean = get(means[image * groups + group]);
        f32 scale = get(scales[image * groups + group]);
        i64 first = (image * channels + c) * plane;
        #pragma unroll 1
        for (i64 i = threadIdx.x; i < plane; i += blockDim.x) {
            f32 g = get(dy[first + i]);
            product += g * ((get(x[first + i]) - mean) * scale);
            sum += g;
        }
    }
    product = blockSum(product, parts[0]);
    sum = blockSum(sum, parts[1]);
    if (threadIdx.x == 0) {
        sums[blockIdx.y * channels + c] = product;
        sums[((i64) gridDim.y + blockIdx.y) * channels + c] = sum;
    }
}

// Planes of h x w elements and of p x q windows of `kernel` squared; a thread for each mean.
template <class T> INLINE void avgPool(const T* x, T* y, i64 count, int h, int w, int p, int q, int kernel, int stride,
        int padding) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= count) {
        return;
    }
    x += at / q / p * h * w;
    int row = (int) (at / q % p) * stride - padding;
    int column = (int) (at % q) * stride - padding;
    f32 sum = 0;
    #pragma unroll 1
    for (int i = max(0, -row); i < min(kernel, h - row); i++) {
        #pragma unroll 1
        for (int j = max(0, -column); j < min(kernel, w - column); j++) {
            sum += get(x[(i64) (row + i) * w + column + j]);
        }
    }
    put(y + at, sum / ((f32) kernel * kernel));
}

// A thread for each element of dx: the sum over the windows in which it lies.
template <class T> INLINE void avgPoolGrad(const T* dy, T* dx, i64 count, int h, int w, int p, int q, int kernel,
        int stride, int padding) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= count) {
        return;
    }
    dy += at / w / h * p * q;
    int row = (int) (at / w % h) + padding;
    int column = (int) (at % w) + padding;
    f32 sum = 0;
    #pragma unroll 1
    for (int i = max(0, (row - kernel + stride) / stride); i < min(p, row / stride + 1); i++) {
        #pragma unroll 1
        for (int j = max(0, (column - kernel + stride) / stride); j < min(q, column / stride + 1); j++) {
            sum += get(dy[(i64) i * q + j]);
        }
    }
    put(dx + at, sum / ((f32) kernel * kernel));
}

// y[p, q] = x[p / scale, q / scale] in planes of h x w; a thread for each element of y.
template <class T> INLINE void upsample(const T* x, T* y, i64 count, int h, int w, int scale) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= count) {
        return;
    }
    i64 row = at / ((i64) w * scale);
    int column = (int) (at % ((i64) w * scale));
    i64 plane = row / ((i64) h * scale);
    int above = (int) (row % ((i64) h * scale)) / scale;
    y[at] = x[(plane * h + above) * w + column / scale];
}

#define IMAGES(name, T) \
    KERNEL groupNorm_##name(const T* x, const T* w, const T* b, T* y, T* means, T* scales, i64 size, i64 plane, \
            i64 groups, f32 eps) { \
        groupNorm(x, w, b, y, means, scales, size, plane, groups, eps); \
    } \
    KERNEL groupNormGrad_##name(const T* x, const T* w, const T* means, const T* scales, const T* dy, T* dx, \
            i64 size, i64 plane, i64 groups) { \
        groupNormGrad(x, w, means, scales, dy, dx, size, plane, groups); \
    } \
    KERNEL groupNormGradChannels_##name(const T* x, const T* means, const T* scales, const T* dy, f32* sums, i64 n, \
            i64 channels, i64 plane, i64 groups, i64 chunk) { \
        groupNormGradChannels(x, means, scales, dy, sums, n, channels, plane, groups, chunk); \
    } \
    KERNEL avgPool_##name(const T* x, T* y, i64 count, int h, int w, int p, int q, int kernel, int stride, \
            int padding) { \
        avgPool(x, y, count, h, w, p, q, kernel, stride, padding); \
    } \
    KERNEL avgPoolGrad_##name(const T* dy, T* dx, i64 count, int h, int w, int p, int q, int kernel, int stride, \
            int padding) { \
        avgPoolGrad(dy, dx, count, h, w, p, q, kernel, stride, padding); \
    } \
    KERNEL upsample_##name(const T* x, T* y, i64 count, int h, int w, int scale) { \
        upsample(x, y, count, h, w, scale); \
    }
FLOATS(IMAGES)
