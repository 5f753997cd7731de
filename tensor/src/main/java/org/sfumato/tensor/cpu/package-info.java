/// The CPU engine: SIMD kernels over off-heap memory, run by a resident pool of threads. Not exported.
///
/// Start with `CpuOps`, the table of kernels, and `FusedCpu`, that of the fused ones. A kernel is a static method with
/// its own loop and a row range. `Parallel` cuts work by the size of the problem and sums have a fixed order, so the
/// number of threads does not show in the result.
package org.sfumato.tensor.cpu;
