// The convolutions of conv80.cuh in bf16: a module of its own, since a driver compiles all of a module at its first use.
#include "conv80.cuh"

CONVS(bf16, bf16)
