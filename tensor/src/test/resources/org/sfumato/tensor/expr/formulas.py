"""Writes formulas.tsv: values and derivatives of activations in float64, by PyTorch and its autograd (any 2.x)."""
import math
from pathlib import Path

import torch
from torch.nn import functional as F

FORMULAS = {
    "square": torch.square,
    "reciprocal": torch.reciprocal,
    "sign": torch.sign,
    "clamp": lambda x: torch.clamp(x, -1, 2),
    "sigmoid": torch.sigmoid,
    "logSigmoid": F.logsigmoid,
    "softplus": lambda x: F.softplus(x, threshold=1000),
    "relu": F.relu,
    "leakyRelu": lambda x: F.leaky_relu(x, 0.01),
    "elu": lambda x: F.elu(x, 1.5),
    "gelu": F.gelu,
    "geluTanh": lambda x: F.gelu(x, approximate="tanh"),
    "silu": F.silu,
    "mish": F.mish,
}
SIZES = [1e-30, 1e-4, 0.1, 0.5, 1, 1.5, 2, 3, 4, 5.5, 7, 10, 15, 20, 30, 45, 60, 88, 700, 1e4]
POINTS = [-s for s in reversed(SIZES)] + [0.0] + SIZES

rows = ["name\tx\tvalue\tderivative"]
for name, formula in FORMULAS.items():
    for point in POINTS:
        x = torch.tensor(point, dtype=torch.float64, requires_grad=True)
        y = formula(x)
        y.backward()
        rows.append("\t".join([name, repr(point), repr(y.item()), repr(x.grad.item())]))
Path(__file__).with_suffix(".tsv").write_text("\n".join(rows) + "\n")
