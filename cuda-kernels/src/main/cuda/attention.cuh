// What the kernels of attention share.
#pragma once
#include "common.cuh"

const int THREADS = 128;

// Rows (batch, head, position) of neighbouring elements; steps in elements.
template <class T> struct Rows {
    const T* x;
    i64 b;
    i64 h;
    i64 t;

    INLINE const T* at(int batch, int head) const { return x + batch * b + head * h; }
};

enum { NO_MASK, TRUTH, BIAS };

// What is read at (batch, head, query, key); steps in elements.
template <class T> struct Scores {
    const void* x;
    i64 b;
    i64 h;
    i64 t;
    i64 s;
    i64 kind;

    // The score with the mask applied.
    INLINE f32 apply(f32 score, i64 head, int i, int j) const {
        if (kind == TRUTH) {
            return ((const u8*) x)[head + i * t + j * s] ? score : -infinity();
        }
        return kind == BIAS ? score + get(((const T*) x)[head + i * t + j * s]) : score;
    }

    INLINE i64 head(int batch, int h0) const { return batch * b + h0 * h; }
};

// Sizes: heads of queries and of keys, queries, keys, elements of a query and of a value; `past` = s - t.
struct Sizes {
    int h;
    int g;
    int t;
    int s;
    int d;
    int e;
    int causal;
    f32 scale;

    INLINE bool sees(int i, int j) const { return i < t && j < s && (!causal || j <= i + s - t); }
};

// delta = sum of o do over each row of e elements; a warp for each.
template <class T> INLINE void delta(const T* o, const Rows<T>& dO, f32* sums, i64 rows, int h, int t, int e) {
    i64 row = (i64) blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= rows) {
        return;
    }
    const T* gradient = dO.at((int) (row / t / h), (int) (row / t % h)) + row % t * dO.t;
    f32 sum = 0;
    #pragma unroll 1
    for (int c = threadIdx.x; c < e; c += 32) {
        sum += get(o[row * e + c]) * get(gradient[c]);
    }
    sum = warpSum(sum);
    if (threadIdx.x == 0) {
        sums[row] = sum;
    }
}

#define DELTA(name, T) \
    KERNEL attentionDelta_##name(const T* o, Rows<T> dO, f32* sums, i64 rows, int h, int t, int e) { \
        delta(o, dO, sums, rows, h, t, e); \
    }
