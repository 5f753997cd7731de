// What kernels on rows share: the threads of a block's x direction share a row, a warp or several of them, and each takes
// four neighbouring elements at a time.
#pragma once
#include "common.cuh"

const int EACH = 4;

template <class T> struct __align__(EACH * sizeof(T)) Quad { T e[EACH]; };

// True if `x` lies where four elements can be read or written in one access.
template <class T> INLINE bool isAligned(const T* x) { return (u64) x % sizeof(Quad<T>) == 0; }

// The next four elements, of which `left` are there; `otherwise` in place of the rest. They are read in one access if
// all are there and `aligned`.
template <class T> INLINE void load(f32* v, const T* x, i64 left, bool aligned, f32 otherwise = 0.f) {
    if (aligned && left >= EACH) {
        Quad<T> q = *(const Quad<T>*) x;
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            v[e] = get(q.e[e]);
        }
    } else {
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            v[e] = e < left ? get(x[e]) : otherwise;
        }
    }
}

// Writes them likewise.
template <class T> INLINE void store(T* y, const f32* v, i64 left, bool aligned) {
    if (aligned && left >= EACH) {
        Quad<T> q;
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            put(q.e + e, v[e]);
        }
        *(Quad<T>*) y = q;
    } else {
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            if (e < left) {
                put(y + e, v[e]);
            }
        }
    }
}

// Over the fours of a row of `d` elements that this thread takes.
#define FOURS(i, d) _Pragma("unroll 1") for (i64 i = threadIdx.x * EACH; i < d; i += blockDim.x * EACH)
#define EACH_OF_FOUR(e) _Pragma("unroll") for (int e = 0; e < EACH; e++)

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
