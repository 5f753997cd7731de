// What all kernels share: names of types, conversions, sums over a warp and over a block. No header of CUDA is needed,
// so that nvcc and NVRTC both take the sources as they are.
//
// Sums are taken in an order that depends on sizes alone. No kernel adds with atomics.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef long long i64;
typedef float f32;
typedef double f64;
typedef int i32;

struct bf16 { u16 bits; };
struct f16 { u16 bits; };

#define KERNEL extern "C" __global__ void
#define INLINE __device__ __forceinline__

// Numbers of the types, in the order of DType.
enum { F32, F64, BF16, F16, I64, I32, BOOL };

// M(name, type) for each type of elements.
#define FLOATS(M) M(f32, f32) M(bf16, bf16) M(f16, f16)
#define FLOATING(M) FLOATS(M) M(f64, f64)
#define TYPES(M) FLOATING(M) M(i64, i64) M(i32, i32) M(bool, u8)

const u32 ALL_LANES = 0xffffffffu;

INLINE f32 infinity() { return __int_as_float(0x7f800000); }

// The type in which arithmetic on T is done.
template <class T> struct Compute { typedef f32 type; };
template <> struct Compute<f64> { typedef f64 type; };
template <> struct Compute<i64> { typedef i64 type; };
template <> struct Compute<i32> { typedef i64 type; };
template <> struct Compute<u8> { typedef i64 type; };

INLINE f32 get(f32 x) { return x; }
INLINE f64 get(f64 x) { return x; }
INLINE f32 get(bf16 x) { return __uint_as_float((u32) x.bits << 16); }
INLINE f32 get(f16 x) {
    f32 y;
    asm("cvt.f32.f16 %0, %1;" : "=f"(y) : "h"(x.bits));
    return y;
}
INLINE i64 get(i64 x) { return x; }
INLINE i64 get(i32 x) { return x; }
INLINE i64 get(u8 x) { return x; }

// The upper half of a f32, rounded to nearest, ties to even; a NaN stays one.
INLINE u16 upper(f32 x) {
    u32 bits = __float_as_uint(x);
    return x != x ? 0x7fc0 : (u16) ((bits + 0x7fffu + (bits >> 16 & 1u)) >> 16);
}
INLINE void put(f32* y, f32 x) { *y = x; }
INLINE void put(f64* y, f64 x) { *y = x; }
INLINE void put(bf16* y, f32 x) { y->bits = upper(x); }
INLINE void put(f16* y, f32 x) {
    u16 bits;
    asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
    y->bits = bits;
}
INLINE void put(i64* y, i64 x) { *y = x; }
INLINE void put(i32* y, i64 x) { *y = (i32) x; }
INLINE void put(u8* y, i64 x) { *y = x != 0; }

// Writes element `at` of memory whose type is known at run time only.
INLINE void put(void* y, i64 at, f32 x, int type) {
    if (type == F32) {
        ((f32*) y)[at] = x;
    } else if (type == BF16) {
        put((bf16*) y + at, x);
    } else {
        put((f16*) y + at, x);
    }
}
INLINE void put(void* y, i64 at, f64 x, int type) {
    if (type == F64) {
        ((f64*) y)[at] = x;
    } else {
        put(y, at, (f32) x, type);
    }
}
INLINE void put(void* y, i64 at, i64 x, int type) {
    if (type == I64) {
        ((i64*) y)[at] = x;
    } else if (type == I32) {
        ((i32*) y)[at] = (i32) x;
    } else {
        ((u8*) y)[at] = x != 0;
    }
}

INLINE f32 shuffleXor(f32 x, int lane) { return __shfl_xor_sync(ALL_LANES, x, lane); }

// The sum over a warp, in every lane.
INLINE f32 warpSum(f32 x) {
    #pragma unroll
    for (int lane = 16; lane > 0; lane >>= 1) {
        x += shuffleXor(x, lane);
    }
    return x;
}

// The larger one, NaN if one is.
INLINE f32 larger(f32 a, f32 b) { return a > b || a != a ? a : b; }

INLINE f32 warpMax(f32 x) {
    #pragma unroll
    for (int lane = 16; lane > 0; lane >>= 1) {
        x = larger(x, shuffleXor(x, lane));
    }
    return x;
}
