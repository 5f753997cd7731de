// The products of gemm80.cuh in f16: a module of its own, since a driver compiles all of a module at its first use.
#include "gemm80.cuh"

GEMMS(f16, f16)
