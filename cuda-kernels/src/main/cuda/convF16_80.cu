// The convolutions of conv80.cuh in f16: a module of its own, since a driver compiles all of a module at its first use.
#include "conv80.cuh"

CONVS(f16, f16)
