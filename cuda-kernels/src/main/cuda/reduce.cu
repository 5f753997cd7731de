// Sums, products, maxima and minima; the places of maxima and minima; running sums and products.
#include "common.cuh"

enum { SUM, PROD, MAX, MIN, SQUARES };

template <class A> INLINE A neutral(int kind);
template <> INLINE f32 neutral<f32>(int kind) {
    return kind == MAX ? -infinity() : kind == MIN ? infinity() : kind == PROD ? 1.f : 0.f;
}
template <> INLINE f64 neutral<f64>(int kind) { return neutral<f32>(kind); }
template <> INLINE i64 neutral<i64>(int kind) {
    const i64 least = (i64) 1 << 63;
    return kind == MAX ? least : kind == MIN ? ~least : kind == PROD ? 1 : 0;
}

template <class A> INLINE A combine(int kind, A a, A b) {
    if (kind == MAX) {
        return a > b || a != a ? a : b;
    }
    if (kind == MIN) {
        return a < b || a != a ? a : b;
    }
    return kind == PROD ? a * b : a + b;
}

// Rows of `size` elements, each cut into gridDim.y pieces of `chunk`: y[row * pieces + c], of type `type`. The threads
// of a block's x direction share a piece: a power of two of them. A is the type of the sums.
template <class T, class A> INLINE void rows(const T* x, void* y, i64 rows, i64 size, i64 chunk, int kind, int type) {
    __shared__ A parts[32];
    i64 row = (i64) blockIdx.x * blockDim.y + threadIdx.y;
    A sum = neutral<A>(kind);
    if (row < rows) {
        i64 from = blockIdx.y * chunk;
        i64 to = min(size, from + chunk);
        x += row * size;
        if (kind == SUM) {
            #pragma unroll 4
            for (i64 i = from + threadIdx.x; i < to; i += blockDim.x) {
                sum += get(x[i]);
            }
        } else {
            #pragma unroll 1
            for (i64 i = from + threadIdx.x; i < to; i += blockDim.x) {
                A v = get(x[i]);
                sum = combine(kind, sum, kind == SQUARES ? v * v : v);
            }
        }
    }
    #pragma unroll 1
    for (int lane = min(32, blockDim.x) / 2; lane > 0; lane >>= 1) {
        sum = combine(kind, sum, __shfl_xor_sync(ALL_LANES, sum, lane));
    }
    if (blockDim.x > 32) {
        if (threadIdx.x % 32 == 0) {
            parts[threadIdx.x / 32] = sum;
        }
        __syncthreads();
        #pragma unroll 1
        for (int w = 1; threadIdx.x == 0 && w < blockDim.x / 32; w++) {
            sum = combine(kind, sum, parts[w]);
        }
    }
    if (threadIdx.x == 0 && row < rows) {
        put(y, row * gridDim.y + blockIdx.y, sum, type);
    }
}

// Along the middle axis of (outer, size, inner), cut into `chunks` pieces: y[(c * outer + o) * inner + i]. Blocks of
// (32, 8) threads: 32 columns, eight rows at a time.
template <class T, class A> INLINE void columns(const T* x, void* y, i64 outer, i64 size, i64 inner, i64 chunk,
        int kind, int type) {
    __shared__ A parts[8][32];
    i64 tiles = (inner + 31) / 32;
    i64 i = blockIdx.x % tiles * 32 + threadIdx.x;
    i64 line = blockIdx.x / tiles;
    i64 o = line % outer;
    i64 from = line / outer * chunk;
    i64 to = min(size, from + chunk);
    A sum = neutral<A>(kind);
    if (i < inner) {
        #pragma unroll 1
        for (i64 r = from + threadIdx.y; r < to; r += 8) {
            sum = combine(kind, sum, (A) get(x[(o * size + r) * inner + i]));
        }
    }
    parts[threadIdx.y][threadIdx.x] = sum;
    __syncthreads();
    if (threadIdx.y == 0 && i < inner) {
        #pragma unroll 1
        for (int w = 1; w < 8; w++) {
            sum = combine(kind, sum, parts[w][threadIdx.x]);
        }
        put(y, line * inner + i, sum, type);
    }
}

// True if `a` at place `i` wins over `b` at place `j`: NaN over numbers, then the larger or smaller, then the first.
template <class A> INLINE bool wins(bool largest, A a, i64 i, A b, i64 j) {
    if (j < 0 || i < 0) {
        return i >= 0;
    }
    bool aNan = a != a;
    bool bNan = b != b;
    if (aNan || bNan) {
        return aNan && (!bNan || i < j);
    }
    return a == b ? i < j : largest ? a > b : a < b;
}

// The place of the largest or smallest element along the middle axis of (outer, size, inner). Blocks of (32, 8)
// threads: with inner = 1 a warp takes a row, else eight rows of 32 columns are taken at a time.
template <class T> INLINE void argument(const T* x, i64* y, i64 outer, i64 size, i64 inner, int largest) {
    typedef typename Compute<T>::type A;
    __shared__ A values[8][32];
    __shared__ i64 places[8][32];
    A best = 0;
    i64 at = -1;
    if (inner == 1) {
        i64 o = (i64) blockIdx.x * 8 + threadIdx.y;
        if (o >= outer) {
            return;
        }
        #pragma unroll 1
        for (i64 r = threadIdx.x; r < size; r += 32) {
            A v = get(x[o * size + r]);
            if (wins<A>(largest, v, r, best, at)) {
                best = v;
                at = r;
            }
        }
        #pragma unroll 1
        for (int lane = 16; lane > 0; lane >>= 1) {
            A v = __shfl_xor_sync(ALL_LANES, best, lane);
            i64 r = __shfl_xor_sync(ALL_LANES, at, lane);
            if (wins<A>(largest, v, r, best, at)) {
                best = v;
                at = r;
            }
        }
        if (threadIdx.x == 0) {
            y[o] = at;
        }
        return;
    }
    i64 tiles = (inner + 31) / 32;
    i64 i = blockIdx.x % tiles * 32 + threadIdx.x;
    i64 o = blockIdx.x / tiles;
    #pragma unroll 1
    for (i64 r = threadIdx.y; i < inner && r < size; r += 8) {
        A v = get(x[(o * size + r) * inner + i]);
        if (wins<A>(largest, v, r, best, at)) {
            best = v;
            at = r;
        }
    }
    values[threadIdx.y][threadIdx.x] = best;
    places[threadIdx.y][threadIdx.x] = at;
    __syncthreads();
    if (threadIdx.y == 0 && i < inner) {
        #pragma unroll 1
        for (int w = 1; w < 8; w++) {
            if (wins<A>(largest, values[w][threadIdx.x], places[w][threadIdx.x], best, at)) {
                best = values[w][threadIdx.x];
                at = places[w][threadIdx.x];
            }
        }
        y[o * inner + i] = at;
    }
}

// Running sums or products along the last axis of (rows, size), a warp for each row, 32 elements at a time.
template <class T> INLINE void scanRows(const T* x, void* y, i64 rows, i64 size, int product, int reverse, int type) {
    typedef typename Compute<T>::type A;
    int kind = product ? PROD : SUM;
    i64 row = (i64) blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= rows) {
        return;
    }
    A before = neutral<A>(kind);
    #pragma unroll 1
    for (i64 from = 0; from < size; from += 32) {
        i64 i = from + threadIdx.x;
        i64 at = row * size + (reverse ? size - 1 - i : i);
        A v = i < size ? (A) get(x[at]) : neutral<A>(kind);
        #pragma unroll 1
        for (int step = 1; step < 32; step <<= 1) {
            A left = __shfl_up_sync(ALL_LANES, v, step);
            if (threadIdx.x >= step) {
                v = combine(kind, left, v);
            }
        }
        v = combine(kind, before, v);
        if (i < size) {
            put(y, at, v, type);
        }
        before = __shfl_sync(ALL_LANES, v, 31);
    }
}

// The same along the middle axis of (outer, size, inner), a thread for each column.
template <class T> INLINE void scanColumns(const T* x, void* y, i64 outer, i64 size, i64 inner, int product,
        int reverse, int type) {
    typedef typename Compute<T>::type A;
    int kind = product ? PROD : SUM;
    i64 column = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= outer * inner) {
        return;
    }
    i64 first = column / inner * size * inner + column % inner;
    A sum = neutral<A>(kind);
    #pragma unroll 1
    for (i64 r = 0; r < size; r++) {
        i64 at = first + (reverse ? size - 1 - r : r) * inner;
        sum = combine(kind, sum, (A) get(x[at]));
        put(y, at, sum, type);
    }
}

#define REDUCTIONS(name, T) \
    KERNEL reduceRows_##name(const T* x, void* y, i64 n, i64 size, i64 chunk, int kind, int type) { \
        rows<T, Compute<T>::type>(x, y, n, size, chunk, kind, type); \
    } \
    KERNEL reduceColumns_##name(const T* x, void* y, i64 outer, i64 size, i64 inner, i64 chunk, int kind, \
            int type) { \
        columns<T, Compute<T>::type>(x, y, outer, size, inner, chunk, kind, type); \
    } \
    KERNEL argReduce_##name(const T* x, i64* y, i64 outer, i64 size, i64 inner, int largest) { \
        argument(x, y, outer, size, inner, largest); \
    } \
    KERNEL scanRows_##name(const T* x, void* y, i64 n, i64 size, int product, int reverse, int type) { \
        scanRows(x, y, n, size, product, reverse, type); \
    } \
    KERNEL scanColumns_##name(const T* x, void* y, i64 outer, i64 size, i64 inner, int product, int reverse, \
            int type) { \
        scanColumns(x, y, outer, size, inner, product, reverse, type); \
    }
TYPES(REDUCTIONS)

// Products of many f32 lose too much: they are taken in f64.
#define PRODUCTS(name, T) \
    KERNEL productRows_##name(const T* x, void* y, i64 n, i64 size, i64 chunk, int type) { \
        rows<T, f64>(x, y, n, size, chunk, PROD, type); \
    } \
    KERNEL productColumns_##name(const T* x, void* y, i64 outer, i64 size, i64 inner, i64 chunk, int type) { \
        columns<T, f64>(x, y, outer, size, inner, chunk, PROD, type); \
    }
FLOATS(PRODUCTS)
