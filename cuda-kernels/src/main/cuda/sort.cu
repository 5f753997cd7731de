// Stable sorting by merging: tiles in shared memory, then pairs of sorted runs in global memory. Elements become 64-bit
// keys that sort as unsigned numbers; beside each goes the place it came from.
#include "common.cuh"

const int EACH = 4;                          // elements of a thread
const int TILE = 1024;

// NaN is larger than every number, and -0.0 equals 0.0.
INLINE u64 key(f32 x) {
    int bits = __float_as_int(x + 0.f);
    return x != x ? 0xffffffffu : (u32) (bits ^ (bits >> 31 | (int) 0x80000000));
}
INLINE u64 key(f64 x) {
    i64 bits = __double_as_longlong(x + 0.);
    return x != x ? ~(u64) 0 : (u64) (bits ^ (bits >> 63 | (i64) 1 << 63));
}
INLINE u64 key(i64 x) { return (u64) x ^ (u64) 1 << 63; }

// Lines along the middle axis of (outer, size, inner).
template <class T> struct Elements {
    const T* x;
    i64 size;
    i64 inner;
    int falling;

    INLINE u64 keyOf(i64 line, i64 i) const {
        u64 bits = key(get(x[(line / inner * size + i) * inner + line % inner]));
        return falling ? ~bits : bits;
    }
    INLINE u32 placeOf(i64 line, i64 i) const { return (u32) i; }
};

// What is left of such lines: keys, and where they come from.
struct Keys {
    const u64* keys;
    const u32* order;
    i64 size;

    INLINE u64 keyOf(i64 line, i64 i) const { return keys[line * size + i]; }
    INLINE u32 placeOf(i64 line, i64 i) const { return order[line * size + i]; }
};

// Sorts the tiles of lines and keeps the first `kept` of each, one after another in lines of `length`. blockIdx.x: the
// tile of a line; blockIdx.y, z: the line.
template <class From> INLINE void tiles(const From& from, u64* keys, u32* order, i64 lines, int kept, i64 length) {
    __shared__ u64 k[TILE];
    __shared__ u32 p[TILE];
    i64 line = (i64) blockIdx.z * gridDim.y + blockIdx.y;
    if (line >= lines) {
        return;
    }
    i64 first = (i64) blockIdx.x * blockDim.x * EACH;
    int count = (int) min((i64) blockDim.x * EACH, from.size - first);
    u64 mine[EACH];
    u32 place[EACH];
    int at = threadIdx.x * EACH;
    #pragma unroll
    for (int e = 0; e < EACH; e++) {
        mine[e] = at + e < count ? from.keyOf(line, first + at + e) : ~(u64) 0;
        place[e] = at + e < count ? from.placeOf(line, first + at + e) : 0;
    }
    #pragma unroll
    for (int round = 0; round < EACH; round++) {
        #pragma unroll
        for (int e = round & 1; e + 1 < EACH; e += 2) {
            if (mine[e] > mine[e + 1]) {
                u64 above = mine[e];
                mine[e] = mine[e + 1];
                mine[e + 1] = above;
                u32 of = place[e];
                place[e] = place[e + 1];
                place[e + 1] = of;
            }
        }
    }
    int all = blockDim.x * EACH;
    #pragma unroll 1
    for (int width = EACH; width < count; width *= 2) {
        __syncthreads();
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            k[at + e] = mine[e];
            p[at + e] = place[e];
        }
        __syncthreads();
        int base = at & -2 * width;                             // of the pair of runs
        int middle = min(base + width, all);
        int end = min(base + 2 * width, all);
        int diagonal = at - base;
        int low = max(0, diagonal - (end - middle));
        int high = min(diagonal, middle - base);
        while (low < high) {                                    // how many of the diagonal come from the left run
            int half = (low + high) / 2;
            if (k[base + half] <= k[middle + diagonal - 1 - half]) {
                low = half + 1;
            } else {
                high = half;
            }
        }
        int a = base + low;
        int b = middle + diagonal - low;
        #pragma unroll
        for (int e = 0; e < EACH; e++) {
            bool left = b >= end || a < middle && k[a] <= k[b];
            int from = left ? a++ : b++;
            mine[e] = k[from];
            place[e] = p[from];
        }
    }
    #pragma unroll
    for (int e = 0; e < EACH; e++) {
        if (at + e < min(count, kept)) {
            keys[line * length + (i64) blockIdx.x * kept + at + e] = mine[e];
            order[line * length + (i64) blockIdx.x * kept + at + e] = place[e];
        }
    }
}

// Merges pairs of sorted runs of `width` in each line of `size`; a thread makes EACH elements.
KERNEL mergeRuns(const u64* k, const u32* p, u64* keys, u32* order, i64 lines, i64 size, i64 width) {
    i64 line = (i64) blockIdx.z * gridDim.y + blockIdx.y;
    i64 at = ((i64) blockIdx.x * blockDim.x + threadIdx.x) * EACH;
    if (line >= lines || at >= size) {
        return;
    }
    k += line * size;
    p += line * size;
    i64 base = at & -2 * width;
    i64 middle = min(base + width, size);
    i64 end = min(base + 2 * width, size);
    i64 diagonal = at - base;
    i64 low = max((i64) 0, diagonal - (end - middle));
    i64 high = min(diagonal, middle - base);
    while (low < high) {
        i64 half = (low + high) / 2;
        if (k[base + half] <= k[middle + diagonal - 1 - half]) {
            low = half + 1;
        } else {
            high = half;
        }
    }
    i64 a = base + low;
    i64 b = middle + diagonal - low;
    #pragma unroll 1
    for (i64 i = at; i < min(at + EACH, size); i++) {
        bool left = b >= end || a < middle && k[a] <= k[b];
        i64 from = left ? a++ : b++;
        keys[line * size + i] = k[from];
        order[line * size + i] = p[from];
    }
}

// The first `kept` of each sorted line, of which `length` are there: elements and places, (outer, kept, inner).
template <class T> INLINE void sorted(const T* x, const u32* order, T* values, i64* places, i64 n, i64 size, i64 kept,
        i64 inner, i64 length) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at < n) {
        i64 i = at % inner;
        i64 o = at / inner / kept;
        u32 from = order[(o * inner + i) * length + at / inner % kept];
        values[at] = x[(o * size + from) * inner + i];
        places[at] = from;
    }
}

#define SORTS(name, T) \
    KERNEL sortTiles_##name(const T* x, u64* keys, u32* order, i64 lines, i64 size, i64 inner, int falling, \
            int kept, i64 length) { \
        Elements<T> from = {x, size, inner, falling}; \
        tiles(from, keys, order, lines, kept, length); \
    }
TYPES(SORTS)

KERNEL sortKeys(const u64* k, const u32* p, u64* keys, u32* order, i64 lines, i64 size, int kept, i64 length) {
    Keys from = {k, p, size};
    tiles(from, keys, order, lines, kept, length);
}

#define RESULTS(name, T) \
    KERNEL sorted_##name(const T* x, const u32* order, T* values, i64* places, i64 n, i64 size, i64 kept, \
            i64 inner, i64 length) { \
        sorted(x, order, values, places, n, size, kept, inner, length); \
    }
RESULTS(1, u8)
RESULTS(2, u16)
RESULTS(4, u32)
RESULTS(8, u64)
