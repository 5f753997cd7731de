// The attention of attention80.cuh in f16.
#include "attention80.cuh"

HEADS(f16, f16)
