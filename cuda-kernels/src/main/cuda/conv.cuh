// Convolution and its gradients as products C = A B of which nobody makes the right operand: B (K, N) is gathered from
// images while it is read.
#pragma once
#include "batch.cuh"

// Where the elements of the three matrices lie, in elements. Along K and N stand places on grids: k = (k1, k2, k3) and
// n = (n1, n2, n3) with the sizes k2, k3, n2, n3. The element B (k, n) lies in plane k1 bk1 + n1 bn1 at row
// (k2 kStep + n2 nStep + start) / divisor and the column that follows from k3 and n3 likewise; where these are no whole
// numbers or outside of the plane it is 0. A (m, k) lies at m am + k1 ak1 + k2 k3 + ..., C (m, n) at
// m cm + n1 cn1 + ..., both dense along the grid. Groups lie ag, bg and cg apart.
struct Geometry {
    i64 k2;
    i64 k3;
    i64 n2;
    i64 n3;
    i64 am;
    i64 ak1;
    i64 bk1;
    i64 bn1;
    i64 kStep;
    i64 nStep;
    i64 start;
    i64 divisor;
    i64 height;
    i64 width;
    i64 cm;
    i64 cn1;
    i64 ag;
    i64 bg;
    i64 cg;
};

// A share of the place of an element of B.
struct __align__(16) Tap {
    i64 base;
    int row;
    int column;
};

// The element's place, or -1 if it is 0.
INLINE i64 place(const Geometry& g, Tap k, Tap n) {
    int row = k.row + n.row;
    int column = k.column + n.column;
    if (g.divisor != 1) {
        int d = (int) g.divisor;
        if (row % d != 0 || column % d != 0) {
            return -1;
        }
        row /= d;
        column /= d;
    }
    bool in = (u32) row < (u32) g.height && (u32) column < (u32) g.width;
    return in ? k.base + n.base + (i64) row * g.width + column : -1;
}

// The shares of BN columns and of BK rows of B, and where these rows' elements of A lie.
template <int BN, int BK> struct Shares {
    Tap columns[BN];
    Tap rows[BK];
    i64 a[BK];

    INLINE void setColumns(const Geometry& g, int n0) {
        for (int i = threadIdx.x; i < BN; i += blockDim.x) {
            int n1 = (n0 + i) / (int) (g.n2 * g.n3);
            int rest = (n0 + i) % (int) (g.n2 * g.n3);
            int step = (int) g.nStep;
            int start = (int) g.start;
            Tap tap = {n1 * g.bn1, rest / (int) g.n3 * step + start, rest % (int) g.n3 * step + start};
            columns[i] = tap;
        }
    }

    INLINE void setRows(const Geometry& g, int k0) {
        int i = threadIdx.x;
        if (i < BK) {
            int k1 = (k0 + i) / (int) (g.k2 * g.k3);
            int rest = (k0 + i) % (int) (g.k2 * g.k3);
            int step = (int) g.kStep;
            Tap tap = {k1 * g.bk1, rest / (int) g.k3 * step, rest % (int) g.k3 * step};
            rows[i] = tap;
            a[i] = k1 * g.ak1 + rest;
        }
    }
};

// Where column n of C begins.
INLINE i64 columnOfC(const Geometry& g, int n) {
    int grid = (int) (g.n2 * g.n3);
    return n / grid * g.cn1 + n % grid;
}
