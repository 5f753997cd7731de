// Products over leading axes.
#pragma once
#include "common.cuh"

// How a result is written: in the type of the operands, in that which is computed in, or added in that.
enum { NARROW, WIDE, ADD };

// Up to three leading axes, and where operands go along them, in elements; an axis that is not there has size 1.
struct Batch {
    i64 sizes[3];
    i64 a[3];
    i64 b[3];
};

INLINE i64 place(const i64* sizes, const i64* steps, i64 at) {
    i64 last = at % sizes[2];
    i64 rest = at / sizes[2];
    return last * steps[2] + rest % sizes[1] * steps[1] + rest / sizes[1] * steps[0];
}
