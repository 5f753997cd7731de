// Tensor cores of compute capability 8.0 and later: warp-wide products of 16 x 16 by 16 x 8 elements of 16 bits, the
// loads that bring operands into their form, and copies to shared memory that go on beside the arithmetic.
#pragma once
#include "common.cuh"

INLINE u32 sharedAddress(const void* p) { return (u32) __cvta_generic_to_shared(p); }

// c += a b. Of the 16 x 16 matrix a, lane 4 g + q holds rows g and g + 8, columns 2 q, 2 q + 1 and 8 more; of the
// 16 x 8 matrix b, column g, rows 2 q, 2 q + 1 and 8 more; of c, rows g and g + 8, columns 2 q and 2 q + 1.
INLINE void multiplyAdd(f32* c, const u32* a, u32 b0, u32 b1, bf16) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
INLINE void multiplyAdd(f32* c, const u32* a, u32 b0, u32 b1, f16) {
    asm("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Four 8 x 8 matrices; lane l gives the address of row l mod 8 of matrix l / 8. Lane 4 g + q receives elements 2 q and
// 2 q + 1 of row g of each, with `turned` of column g.
template <bool turned> INLINE void loadMatrices(u32* r, u32 address) {
    if (turned) {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
    } else {
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(address) : "memory");
    }
}

// Copies the first `bytes` of 16 and sets the rest to 0.
INLINE void copyAsync(u32 to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" : : "r"(to), "l"(from), "r"(bytes) : "memory");
}
INLINE void commitCopies() { asm volatile("cp.async.commit_group;" : : : "memory"); }
// Waits until all but the last `pending` groups of copies have arrived.
template <int pending> INLINE void awaitCopies() {
    asm volatile("cp.async.wait_group %0;" : : "n"(pending) : "memory");
}

INLINE u32 pack(f32 low, f32 high, bf16) {
    u32 r;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
INLINE u32 pack(f32 low, f32 high, f16) {
    u32 r;
    asm("cvt.rn.f16x2.f32 %0, %1, %2;" : "=r"(r) : "f"(high), "f"(low));
    return r;
}
