// Reading and adding at indices.
#include "common.cuh"

struct alignas(16) quad { u64 low, high; };

// An index outside [0, bound) stands for no element: it reads 0 and adds nothing.
INLINE bool inside(i64 index, i64 bound) { return (u64) index < (u64) bound; }

// Leaves the smallest `number` + position of an index outside [0, bound) that is not `ignored` in *fault, where
// `number` tells the checks apart.
KERNEL checkIndices(const i64* index, i64 n, i64 bound, i64 ignored, u64 number, u64* fault) {
    i64 i = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (i < n && !inside(index[i], bound) && index[i] != ignored) {
        atomicMin(fault, number + i);
    }
}

// y[o, k, i] = x[o, index[o, k, i], i]
template <class T> INLINE void gather(const T* x, const i64* index, T* y, i64 n, i64 size, i64 count, i64 inner) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at < n) {
        i64 o = at / (count * inner);
        y[at] = inside(index[at], size) ? x[(o * size + index[at]) * inner + at % inner] : T();
    }
}

// y[o, k, i] = x[o, index[k], i]; the threads of a block's x direction share a row of `inner` elements.
template <class T> INLINE void select(const T* x, const i64* index, T* y, i64 outer, i64 size, i64 count, i64 inner) {
    i64 row = (i64) blockIdx.x * blockDim.y + threadIdx.y;
    if (row >= outer * count) {
        return;
    }
    i64 of = index[row % count];
    bool exists = inside(of, size);
    const T* from = x + (row / count * size + of) * inner;
    T* to = y + row * inner;
    #pragma unroll 1
    for (i64 i = threadIdx.x; i < inner; i += blockDim.x) {
        to[i] = exists ? from[i] : T();
    }
}

// y[o, index[o, k, i], i] += source[o, k, i] in rising order of k: a thread for each column, which no other touches.
template <class T> INLINE void scatterAdd(const T* source, const i64* index, typename Compute<T>::type* y, i64 outer,
        i64 size, i64 count, i64 inner) {
    i64 column = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (column >= outer * inner) {
        return;
    }
    i64 o = column / inner;
    i64 i = column % inner;
    #pragma unroll 1
    for (i64 k = 0; k < count; k++) {
        i64 at = (o * count + k) * inner + i;
        if (inside(index[at], size)) {
            y[(o * size + index[at]) * inner + i] += get(source[at]);
        }
    }
}

// The index that a key of sort.cu stands for.
INLINE i64 indexOf(u64 key) { return (i64) (key ^ (u64) 1 << 63); }

// Sums rows of `source` (outer, n, inner) that have one index. `keys` holds the indices in rising order and `order` the
// row of each, so that equal indices are runs. A block takes `chunk` of them, in some columns of one outer part. A run
// that lies in one chunk is written; of any other its part is left in `parts`, (2, chunks, outer, inner): one that
// began before the chunk in the first half, one that goes on after it in the second.
template <class T> INLINE void addRuns(const T* source, const u64* keys, const u32* order, T* y,
        typename Compute<T>::type* parts, i64 n, i64 chunk, i64 outer, i64 size, i64 inner) {
    typedef typename Compute<T>::type A;
    i64 i = (i64) blockIdx.y * blockDim.x + threadIdx.x;
    i64 c = blockIdx.x / outer;
    i64 o = blockIdx.x % outer;
    if (i >= inner) {
        return;
    }
    i64 chunks = (n + chunk - 1) / chunk;
    i64 from = c * chunk;
    i64 to = min(n, from + chunk);
    bool before = from > 0 && keys[from - 1] == keys[from];
    A sum = 0;
    #pragma unroll 1
    for (i64 q = from; q < to; q++) {
        sum += get(source[(o * n + order[q]) * inner + i]);
        bool last = q + 1 == n || keys[q + 1] != keys[q];
        if (before && (last || q + 1 == to)) {
            parts[(c * outer + o) * inner + i] = sum;
        } else if (last && inside(indexOf(keys[q]), size)) {
            put(y + (o * size + indexOf(keys[q])) * inner + i, sum);
        } else if (!last && q + 1 == to) {
            parts[((chunks + c) * outer + o) * inner + i] = sum;
        }
        if (last) {
            sum = 0;
            before = false;
        }
    }
}

// Puts the parts of the runs together that begin in a chunk and go on after it.
template <class T> INLINE void joinRuns(const u64* keys, T* y, const typename Compute<T>::type* parts, i64 n, i64 chunk,
        i64 outer, i64 size, i64 inner) {
    i64 i = (i64) blockIdx.y * blockDim.x + threadIdx.x;
    i64 c = blockIdx.x / outer;
    i64 o = blockIdx.x % outer;
    i64 chunks = (n + chunk - 1) / chunk;
    i64 next = (c + 1) * chunk;
    if (i >= inner || next >= n || keys[next - 1] != keys[next]) {
        return;
    }
    u64 key = keys[next];
    if (keys[c * chunk] == key && c > 0 && keys[c * chunk - 1] == key) {
        return;
    }
    typename Compute<T>::type sum = parts[((chunks + c) * outer + o) * inner + i];
    #pragma unroll 4
    for (i64 d = c + 1; d < chunks && keys[d * chunk] == key; d++) {
        sum += parts[(d * outer + o) * inner + i];
    }
    if (inside(indexOf(key), size)) {
        put(y + (o * size + indexOf(key)) * inner + i, sum);
    }
}

#define COPIES(name, T) \
    KERNEL gather_##name(const T* x, const i64* index, T* y, i64 n, i64 size, i64 count, i64 inner) { \
        gather(x, index, y, n, size, count, inner); \
    } \
    KERNEL select_##name(const T* x, const i64* index, T* y, i64 outer, i64 size, i64 count, i64 inner) { \
        select(x, index, y, outer, size, count, inner); \
    }
COPIES(1, u8)
COPIES(2, u16)
COPIES(4, u32)
COPIES(8, u64)
COPIES(16, quad)

#define SUMS(name, T) \
    KERNEL scatterAdd_##name(const T* source, const i64* index, Compute<T>::type* y, i64 outer, i64 size, i64 count, \
            i64 inner) { \
        scatterAdd(source, index, y, outer, size, count, inner); \
    } \
    KERNEL addRuns_##name(const T* source, const u64* keys, const u32* order, T* y, Compute<T>::type* parts, i64 n, \
            i64 chunk, i64 outer, i64 size, i64 inner) { \
        addRuns(source, keys, order, y, parts, n, chunk, outer, size, inner); \
    } \
    KERNEL joinRuns_##name(const u64* keys, T* y, const Compute<T>::type* parts, i64 n, i64 chunk, i64 outer, \
            i64 size, i64 inner) { \
        joinRuns(keys, y, parts, n, chunk, outer, size, inner); \
    }
TYPES(SUMS)
