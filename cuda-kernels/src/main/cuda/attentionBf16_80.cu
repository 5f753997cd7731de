// The attention of attention80.cuh in bf16.
#include "attention80.cuh"

HEADS(bf16, bf16)
