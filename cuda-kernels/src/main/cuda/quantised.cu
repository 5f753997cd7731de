// Matrices stored in few bits, as org.sfumato.tensor.quantised.WeightFormat has them: the matrix itself, and products
// with few rows that read it as it is stored.
#include "common.cuh"

enum { Q8, Q4, NF4, WIDE };

// The 16 levels of NormalFloat, and the 256 values of the dynamic map; see NormalFloat and DynamicMap.
__device__ const f32 LEVELS[16] = {
    -1.f, -.6961928f, -.52507305f, -.3949175f, -.28444138f, -.18477343f, -.091050036f, 0.f, .0795803f, .1609302f,
    .2461123f, .33791524f, .44070983f, .562617f, .72295684f, 1.f,
};
__device__ const f32 SIZES[256] = {
    -.99296874f, -.9789063f, -.96484375f, -.9507812f, -.93671876f, -.92265624f, -.9085938f, -.89453125f, -.8804687f,
    -.86640626f, -.85234374f, -.8382813f, -.82421875f, -.8101562f, -.79609376f, -.78203124f, -.7679688f, -.75390625f,
    -.7398437f, -.72578126f, -.7117188f, -.6976563f, -.68359375f, -.6695312f, -.65546876f, -.6414063f, -.6273438f,
    -.61328125f, -.5992187f, -.58515626f, -.5710938f, -.5570313f, -.54296875f, -.5289062f, -.5148437f, -.50078124f,
    -.4867187f, -.47265625f, -.45859373f, -.44453126f, -.43046874f, -.41640624f, -.40234375f, -.38828123f,
    -.37421876f, -.36015624f, -.34609374f, -.33203125f, -.31796873f, -.30390626f, -.28984374f, -.27578127f,
    -.26171875f, -.24765624f, -.23359375f, -.21953125f, -.20546874f, -.19140625f, -.17734376f, -.16328125f,
    -.14921875f, -.13515624f, -.12109375f, -.107031256f, -.09859375f, -.09578126f, -.092968754f, -.09015625f,
    -.08734375f, -.08453125f, -.08171876f, -.07890625f, -.07609375f, -.07328125f, -.070468746f, -.067656256f,
    -.06484375f, -.06203125f, -.059218753f, -.05640625f, -.05359375f, -.05078125f, -.04796875f, -.04515625f,
    -.042343747f, -.03953125f, -.036718752f, -.03390625f, -.03109375f, -.028281251f, -.02546875f, -.02265625f,
    -.019843752f, -.01703125f, -.01421875f, -.01140625f, -.00971875f, -.009156249f, -.00859375f, -.00803125f,
    -.00746875f, -.00690625f, -.00634375f, -.00578125f, -.0052187503f, -.0046562497f, -.00409375f, -.0035312497f,
    -.00296875f, -.00240625f, -.00184375f, -.0012812499f, -9.437501e-04f, -8.3125e-04f, -7.1875006e-04f,
    -6.062501e-04f, -4.9375003e-04f, -3.8125002e-04f, -2.6875004e-04f, -1.5625001e-04f, -8.875e-05f, -6.625e-05f,
    -4.375e-05f, -2.1249998e-05f, -7.75e-06f, -3.2500002e-06f, -5.5000004e-07f, 0.f, 5.5000004e-07f, 3.2500002e-06f,
    7.75e-06f, 2.1249998e-05f, 4.375e-05f, 6.625e-05f, 8.875e-05f, 1.5625001e-04f, 2.6875004e-04f, 3.8125002e-04f,
    4.9375003e-04f, 6.062501e-04f, 7.1875006e-04f, 8.3125e-04f, 9.437501e-04f, .0012812499f, .00184375f, .00240625f,
    .00296875f, .0035312497f, .00409375f, .0046562497f, .0052187503f, .00578125f, .00634375f, .00690625f, .00746875f,
    .00803125f, .00859375f, .009156249f, .00971875f, .01140625f, .01421875f, .01703125f, .019843752f, .02265625f,
    .02546875f, .028281251f, .03109375f, .03390625f, .036718752f, .03953125f, .042343747f, .04515625f, .04796875f,
    .05078125f, .05359375f, .05640625f, .059218753f, .06203125f, .06484375f, .067656256f, .070468746f, .07328125f,
    .07609375f, .07890625f, .08171876f, .08453125f, .08734375f, .09015625f, .092968754f, .09578126f, .09859375f,
    .107031256f, .12109375f, .13515624f, .14921875f, .16328125f, .17734376f, .19140625f, .20546874f, .21953125f,
    .23359375f, .24765624f, .26171875f, .27578127f, .28984374f, .30390626f, .31796873f, .33203125f, .34609374f,
    .36015624f, .37421876f, .38828123f, .40234375f, .41640624f, .43046874f, .44453126f, .45859373f, .47265625f,
    .4867187f, .50078124f, .5148437f, .5289062f, .54296875f, .5570313f, .5710938f, .58515626f, .5992187f, .61328125f,
    .6273438f, .6414063f, .65546876f, .6695312f, .68359375f, .6976563f, .7117188f, .72578126f, .7398437f, .75390625f,
    .7679688f, .78203124f, .79609376f, .8101562f, .82421875f, .8382813f, .85234374f, .86640626f, .8804687f,
    .89453125f, .9085938f, .92265624f, .93671876f, .9507812f, .96484375f, .9789063f, .99296874f, 1.f,
};

// The parts of a matrix; `words` in a row.
struct Stored {
    const void* codes;
    const void* scales;
    const f32* groups;
    const f32* offset;
    i64 words;
};

// Elements of a word.
template <int FORMAT> INLINE constexpr int each() { return FORMAT == WIDE ? 1 : FORMAT == Q8 ? 4 : 8; }

// The elements of word w of a row, and the column of each.
template <int FORMAT> INLINE void decode(const Stored& m, i64 row, int w, f32* value, int* column) {
    if (FORMAT == WIDE) {
        value[0] = get(((const bf16*) m.codes)[row * m.words + w]);
        column[0] = w;
        return;
    }
    u32 word = ((const u32*) m.codes)[row * m.words + w];
    i64 block = (row * m.words + w) / (FORMAT == Q4 ? 4 : 8);
    f32 scale;
    if (FORMAT == NF4) {
        scale = SIZES[((const u8*) m.scales)[block]] * m.groups[block / 256] + *m.offset;
    } else {
        scale = get(((const f16*) m.scales)[block]);
    }
    #pragma unroll
    for (int e = 0; e < each<FORMAT>(); e++) {
        if (FORMAT == Q8) {
            value[e] = scale * (f32) (signed char) (word >> 8 * e);
            column[e] = w * 4 + e;
        } else if (FORMAT == Q4) {
            value[e] = scale * ((f32) (word >> (8 * (e % 4) + e / 4 * 4) & 15) - 8.f);
            column[e] = w / 4 * 32 + e / 4 * 16 + w % 4 * 4 + e % 4;
        } else {
            value[e] = scale * LEVELS[word >> (8 * (e / 2) + (e % 2 ? 0 : 4)) & 15];
            column[e] = w * 8 + e;
        }
    }
}

// A thread for each word of the matrix (n, k).
template <int FORMAT, class T> INLINE void dequantise(Stored m, T* y, i64 n, int k) {
    i64 at = (i64) blockIdx.x * blockDim.x + threadIdx.x;
    if (at >= n * m.words) {
        return;
    }
    f32 value[each<FORMAT>()];
    int column[each<FORMAT>()];
    decode<FORMAT>(m, at / m.words, (int) (at % m.words), value, column);
    #pragma unroll
    for (int e = 0; e < each<FORMAT>(); e++) {
        if (column[e] < k) {
            put(y + at / m.words * k + column[e], value[e]);
        }
    }
}

// y = x W^T + b: a warp makes ROWS rows of a column of y. blockIdx.x: columns, as many as a block has warps;
// blockIdx.y: the rows.
template <int FORMAT, int ROWS, class T> INLINE void product(const T* x, Stored m, const T* bias, T* y, int rows, i64 n,
        int k) {
    i64 o = (i64) blockIdx.x * blockDim.y + threadIdx.y;
    int first = blockIdx.y * ROWS;
    if (o >= n) {
        return;
    }
    f32 sums[ROWS];
    #pragma unroll
    for (int r = 0; r < ROWS; r++) {
        sums[r] = 0;
    }
    #pragma unroll 1
    for (int w = threadIdx.x; w < m.words; w += 32) {
        f32 value[each<FORMAT>()];
        int column[each<FORMAT>()];
        decode<FORMAT>(m, o, w, value, column);
        #pragma unroll
        for (int e = 0; e < each<FORMAT>(); e++) {
            #pragma unroll
            for (int r = 0; r < ROWS; r++) {
                if (column[e] < k && first + r < rows) {
                    sums[r] += value[e] * get(x[(i64) (first + r) * k + column[e]]);
                }
            }
        }
    }
    #pragma unroll
    for (int r = 0; r < ROWS; r++) {
        f32 sum = warpSum(sums[r]);
        if (threadIdx.x == 0 && first + r < rows) {
            put(y + (first + r) * n + o, bias ? sum + get(bias[o]) : sum);
        }
    }
}

#define STORED(format, name, T) \
    KERNEL dequantise_##format##_##name(Stored m, T* y, i64 n, int k) { dequantise<format>(m, y, n, k); } \
    KERNEL product_##format##_##name(const T* x, Stored m, const T* bias, T* y, int rows, i64 n, int k) { \
        product<format, 4>(x, m, bias, y, rows, n, k); \
    }
#define FORMATS(name, T) STORED(Q8, name, T) STORED(Q4, name, T) STORED(NF4, name, T) STORED(WIDE, name, T)
FLOATS(FORMATS)
