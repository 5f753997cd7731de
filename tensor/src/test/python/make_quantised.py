"""Makes quantised.safetensors, what other programs make of a matrix: Q8_0 and Q4_0 by the package `gguf` 0.19, NF4 with
double quantisation by NumPy and PyTorch from the papers (arXiv 2305.14314; the 8-bit map: arXiv 2110.02861).

    python make_quantised.py ../resources/org/sfumato/tensor/quantised/quantised.safetensors
"""

import sys

import numpy as np
import torch
from gguf import GGMLQuantizationType, quants
from safetensors.numpy import save_file

LEVELS = np.array([
    -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
    -0.09105003625154495, 0.0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
    0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0], np.float32)


def dynamic_map():
    values = [0.0, 1.0]
    for i in range(7):
        bounds = torch.linspace(0.1, 1, 2**i + 1, dtype=torch.float32)
        means = 10.0 ** (i - 6) * ((bounds[:-1] + bounds[1:]) / 2)
        values += means.tolist() + (-means).tolist()
    return np.sort(np.array(values, np.float32))


def nearest(table, x):
    """Codes by full search."""
    distance = np.abs(table.astype(np.float64) - x.astype(np.float64)[..., None])
    return distance.argmin(-1).astype(np.uint8)


def normal_float(x):
    blocks = x.reshape(-1, 64)
    largest = np.abs(blocks).max(-1)
    codes = nearest(LEVELS, blocks / np.where(largest == 0, 1, largest)[:, None])
    mean = np.float32(largest.astype(np.float64).mean())
    rest = largest - mean
    table = dynamic_map()
    groups = [rest[i:i + 256] for i in range(0, len(rest), 256)]
    tops = np.array([np.abs(group).max() for group in groups], np.float32)
    scales = np.concatenate([nearest(table, group / top) for group, top in zip(groups, tops)])
    values = (table[scales] * np.repeat(tops, 256)[:len(scales)] + mean)[:, None] * LEVELS[codes]
    return {
        "nf4.codes": (codes[:, 0::2] << 4 | codes[:, 1::2]).reshape(len(x), -1),
        "nf4.scales": scales, "nf4.groups": tops, "nf4.mean": np.array([mean]), "nf4.map": table,
        "nf4.values": values.reshape(x.shape)[-2:].astype(np.float32),
    }


rng = np.random.default_rng(5)
x = rng.standard_normal((9, 2048)).astype(np.float32) * 10.0 ** rng.uniform(-3, 1, (9, 1)).astype(np.float32)
x[1, :256] = 0
x[2, 64:128] = 3
x[3, 0:64] = np.linspace(-127, 127, 64)
x[4, 5] = -1000
result = {"matrix": x}
for name, kind, size in [("q8", GGMLQuantizationType.Q8_0, 34), ("q4", GGMLQuantizationType.Q4_0, 18)]:
    blocks = quants.quantize(x, kind).reshape(9, -1, size)
    result[name + ".scales"] = blocks[..., :2].copy().view(np.float16)[..., 0]
    result[name + ".codes"] = blocks[..., 2:].reshape(9, -1)
result |= normal_float(x)
save_file({name: np.ascontiguousarray(value) for name, value in result.items()}, sys.argv[1],
          {"made by": "make_quantised.py"})
