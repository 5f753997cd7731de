/// The CPU engine: SIMD kernels over off-heap memory, run by a resident pool of threads.
package org.sfumato.tensor.cpu;
