"""Layers of sfumato.nn as PyTorch computes them: layers.safetensors, in the test resources of org.sfumato.nn.

Each case: `case/x`, the parameters `case/p.NAME`, further inputs, the result `case/y`, a weight for each of its elements
`case/w`, and the gradients of sum(y * w): `case/g.NAME` and, by x, `case/g.x`. Inputs are float32; PyTorch computes in
float64, and the results are rounded to float32.

    python make_layers.py ../resources/org/sfumato/nn/layers.safetensors
"""
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

generator = torch.Generator().manual_seed(20)
tensors = {}


def draw(*sizes, scale=1.0, shift=0.0):
    return (torch.randn(*sizes, generator=generator) * scale + shift).float()


def case(name, function, x, parameters, **extra):
    """Runs function(x, parameters, extra) in float64 and keeps what it gives."""
    wide = {k: p.double().requires_grad_() for k, p in parameters.items()}
    x64 = x.double().requires_grad_() if x.is_floating_point() else x
    y = function(x64, wide, **extra)
    w = draw(*y.shape)
    (y * w.double()).sum().backward()
    tensors.update({f"{name}/x": x, f"{name}/y": y.detach().float(), f"{name}/w": w})
    tensors.update({f"{name}/p.{k}": p for k, p in parameters.items()})
    tensors.update({f"{name}/g.{k}": p.grad.float() for k, p in wide.items()})
    tensors.update({f"{name}/{k}": v for k, v in extra.items() if isinstance(v, torch.Tensor)})
    if x.is_floating_point():
        tensors[f"{name}/g.x"] = x64.grad.float()


def linear(x, p, prefix=""):
    return F.linear(x, p[prefix + "weight"], p.get(prefix + "bias"))


x = draw(2, 5, 8)
case("linear", linear, x, {"weight": draw(6, 8), "bias": draw(6)})
case("linearNoBias", linear, x, {"weight": draw(6, 8)})
case("embedding", lambda i, p: F.embedding(i, p["weight"]),
     torch.tensor([[3, 0, 3, 6], [6, 6, 1, 3]]), {"weight": draw(7, 5)})
case("layerNorm", lambda x, p: F.layer_norm(x, (8,), p["weight"], p["bias"], 1e-5),
     draw(2, 5, 8, shift=.5), {"weight": draw(8), "bias": draw(8)})
case("rmsNorm", lambda x, p: F.rms_norm(x, (8,), p["weight"], 1e-6), x, {"weight": draw(8)})
case("rmsNormMachineEpsilon", lambda x, p: F.rms_norm(x, (8,), p["weight"], torch.finfo(torch.float32).eps),
     draw(3, 8, scale=1e-3), {"weight": draw(8)})

activations = {
    "GELU": F.gelu,
    "GELU_TANH": lambda a: F.gelu(a, approximate="tanh"),
    "SILU": F.silu,
    "RELU": F.relu,
    "SWIGLU": lambda a: F.silu(a.chunk(2, -1)[0]) * a.chunk(2, -1)[1],
    "GEGLU": lambda a: F.gelu(a.chunk(2, -1)[0]) * a.chunk(2, -1)[1],
}
for name, f in activations.items():
    up = 12 if name in ("SWIGLU", "GEGLU") else 6
    parameters = {"up.weight": draw(up, 8, scale=.5), "up.bias": draw(up), "down.weight": draw(8, 6), "down.bias": draw(8)}
    case("mlp" + name, lambda x, p, f=f: linear(f(linear(x, p, "up.")), p, "down."), x, parameters)


def rotate(x):
    """Rotary positions in the order of halves, by complex numbers."""
    t, half = x.shape[-2], x.shape[-1] // 2
    angle = torch.arange(t, dtype=torch.float64)[:, None] * 10_000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([z.real, z.imag], -1)


def attention(x, p, heads=2, groups=2, rotary=False, causal=False, mask=None):
    b, t, c = x.shape
    d = c // heads
    qkv = linear(x, p, "qkv.")
    q, k, v = (part.view(b, t, -1, d).transpose(1, 2) for part in qkv.split([heads * d, groups * d, groups * d], -1))
    if "queryNorm.bias" in p:
        q = F.layer_norm(q, (d,), p["queryNorm.weight"], p["queryNorm.bias"], 1e-5)
        k = F.layer_norm(k, (d,), p["keyNorm.weight"], p["keyNorm.bias"], 1e-5)
    elif "queryNorm.weight" in p:
        q = F.rms_norm(q, (d,), p["queryNorm.weight"], 1e-6)
        k = F.rms_norm(k, (d,), p["keyNorm.weight"], 1e-6)
    if rotary:
        q, k = rotate(q), rotate(k)
    if mask is not None and mask.dtype != torch.bool:
        mask = mask.double()
    y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=causal, enable_gqa=True)
    return linear(y.transpose(1, 2).reshape(b, t, c), p, "output.")


def weights(c, heads=2, groups=2, bias=False, norm=None):
    d = c // heads
    p = {"qkv.weight": draw((heads + 2 * groups) * d, c, scale=c ** -.5), "output.weight": draw(c, c, scale=c ** -.5)}
    if bias:
        p |= {"qkv.bias": draw((heads + 2 * groups) * d), "output.bias": draw(c)}
    if norm:
        p |= {"queryNorm.weight": draw(d, shift=1), "keyNorm.weight": draw(d, shift=1)}
    if norm == "layer":
        p |= {"queryNorm.bias": draw(d), "keyNorm.bias": draw(d)}
    return p


case("attention", attention, x, weights(8))
case("attentionBias", attention, x, weights(8, bias=True))
case("attentionGrouped", lambda x, p: attention(x, p, 4, 2), draw(2, 5, 16), weights(16, 4, 2))
case("attentionOneKeyHead", lambda x, p: attention(x, p, 4, 1), draw(2, 3, 16), weights(16, 4, 1))
case("attentionRotary", lambda x, p: attention(x, p, rotary=True), x, weights(8))
case("attentionQkNorm", attention, x, weights(8, norm="rms"))
case("attentionQkLayerNorm", attention, x, weights(8, norm="layer"))
case("attentionCausal", lambda x, p: attention(x, p, causal=True), x, weights(8))
padding = torch.ones(2, 1, 1, 5, dtype=torch.bool)
padding[1, ..., 3:] = False
case("attentionPadding", attention, x, weights(8), mask=padding)
case("attentionAdded", attention, x, weights(8), mask=draw(2, 5, 5))
case("attentionAll", lambda x, p: attention(x, p, 4, 2, True, True), draw(2, 4, 8), weights(8, 4, 2, True, "rms"))


def lora(x, p, parts):
    """`parts`: first row, row after the last, scale."""
    y = linear(x, p, "base.")
    for k, (start, end, scale) in enumerate(parts):
        change = F.linear(F.linear(x, p[f"{k}.a"]), p[f"{k}.b"]) * scale
        y = torch.cat([y[..., :start], y[..., start:end] + change, y[..., end:]], -1)
    return y


case("lora", lambda x, p: lora(x, p, [(0, 6, .5)]), x,
     {"base.weight": draw(6, 8), "base.bias": draw(6), "0.a": draw(3, 8), "0.b": draw(6, 3)})
case("loraParts", lambda x, p: lora(x, p, [(0, 4, 1.5), (6, 9, -.25)]), x,
     {"base.weight": draw(10, 8), "0.a": draw(2, 8), "0.b": draw(4, 2), "1.a": draw(3, 8), "1.b": draw(3, 3)})

case("groupNorm", lambda x, p: F.group_norm(x, 3, p["weight"], p["bias"], 1e-5), draw(2, 6, 2, 2, shift=.5),
     {"weight": draw(6), "bias": draw(6)})
case("conv2d", lambda x, p: F.conv2d(x, p["weight"], p["bias"], stride=2, padding=1), draw(2, 3, 5, 4),
     {"weight": draw(4, 3, 3, 3), "bias": draw(4)})
case("conv2dGroups", lambda x, p: F.conv2d(x, p["weight"], groups=2), draw(1, 4, 4, 3), {"weight": draw(6, 2, 3, 2)})

metadata = {"origin": f"make_layers.py, torch {torch.__version__}"}
save_file({k: v.contiguous().clone() for k, v in tensors.items()}, sys.argv[1], metadata)
