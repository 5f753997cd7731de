// The products of gemm80.cuh in bf16: a module of its own, since a driver compiles all of a module at its first use.
#include "gemm80.cuh"

GEMMS(bf16, bf16)
