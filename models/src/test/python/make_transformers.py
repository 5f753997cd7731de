"""Whole networks in PyTorch: transformers.safetensors, in the test resources of org.sfumato.models.transformer.

No weights are stored: both sides make them from their names. Element i of parameter NAME is u in [-1, 1), 24 bits of
splitmix64(fnv1a(NAME) + i), times a bound: 1 for the tables of tokens and positions, sqrt(3 / columns) for matrices, 0.1
for biases; weights of norms are 1 + 0.2 u.

Each case: `case/ids` (2, T), some of them [MASK], `case/target`, `case/probability` (2, 1), `case/logits`, `case/loss` =
sum over masked of CE / p, over 2 T, [MASK] itself being forbidden (alpha = 1 - p), and for each parameter `case/g.NAME`: the norm of its
gradient, then 16 elements at i (n - 1) / 15. PyTorch computes in float64.

    python make_transformers.py ../resources/org/sfumato/models/transformer/transformers.safetensors
"""
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

MASK, V = 65, 66
tensors = {}


def uniform(name, n):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 % 2 ** 64
    with np.errstate(over="ignore"):
        z = np.uint64(h) + np.arange(n, dtype=np.uint64) + np.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z = z ^ (z >> np.uint64(31))
    return (z >> np.uint64(40)).astype(np.float64) * 2.0 ** -23 - 1


def weight(name, shape):
    u = torch.from_numpy(uniform(name, int(np.prod(shape)))).reshape(shape)
    if name in ("token.weight", "position"):
        value = u
    elif len(shape) == 2:
        value = u * (3 / shape[1]) ** .5
    else:
        value = 1 + .2 * u if name.endswith("weight") else .1 * u
    return value.float().double()


class RmsNorm(nn.Module):
    """x / sqrt(mean(x^2) + eps) * weight, as torch.nn.RMSNorm, with eps of its own."""

    def __init__(self, width, eps):
        super().__init__()
        self.weight, self.eps = nn.Parameter(torch.ones(width)), eps

    def forward(self, x):
        return F.rms_norm(x, x.shape[-1:], self.weight, self.eps)


class Attention(nn.Module):
    def __init__(self, c, heads, bias, output_bias, head_norm=None):
        super().__init__()
        self.heads = heads
        self.qkv, self.output = nn.Linear(c, 3 * c, bias), nn.Linear(c, c, output_bias)
        if head_norm:
            self.queryNorm, self.keyNorm = head_norm(c // heads), head_norm(c // heads)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (part.view(b, t, self.heads, -1).transpose(1, 2) for part in self.qkv(x).chunk(3, -1))
        if hasattr(self, "queryNorm"):
            q, k = rotate(self.queryNorm(q)), rotate(self.keyNorm(k))
        y = F.scaled_dot_product_attention(q, k, v)
        return self.output(y.transpose(1, 2).reshape(b, t, c))


def rotate(x):
    """Rotary positions in the order of halves, by complex numbers."""
    t, half = x.shape[-2], x.shape[-1] // 2
    angle = torch.arange(t, dtype=torch.float64)[:, None] * 10_000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(angle), angle)
    return torch.cat([z.real, z.imag], -1)


class Mlp(nn.Module):
    def __init__(self, c, width, activation, bias, gated=False):
        super().__init__()
        self.up, self.down = nn.Linear(c, width * (2 if gated else 1), bias), nn.Linear(width, c, bias)
        self.activation, self.gated = activation, gated

    def forward(self, x):
        x = self.up(x)
        if self.gated:
            a, b = x.chunk(2, -1)
            return self.down(self.activation(a) * b)
        return self.down(self.activation(x))


class Block(nn.Module):
    def __init__(self, norm, c, attention, mlp, condition=0):
        super().__init__()
        self.attentionNorm, self.attention, self.mlpNorm, self.mlp = norm(c), attention, norm(c), mlp
        self.modulation = nn.Linear(condition, 6 * c) if condition else None

    def forward(self, x, told):
        if self.modulation is None:
            x = x + self.attention(self.attentionNorm(x))
            return x + self.mlp(self.mlpNorm(x))
        shift, scale, gate, mlp_shift, mlp_scale, mlp_gate = self.modulation(told).chunk(6, -1)
        x = x + gate * self.attention(self.attentionNorm(x) * (1 + scale) + shift)
        return x + mlp_gate * self.mlp(self.mlpNorm(x) * (1 + mlp_scale) + mlp_shift)


class Conditioning(nn.Module):
    """adaLN's vector of the share of signal: an MLP of cosines and sines of -log alpha."""

    def __init__(self, width):
        super().__init__()
        self.first, self.second = nn.Linear(256, width), nn.Linear(width, width)

    def forward(self, alpha):
        frequency = torch.exp(-np.log(10_000.0) * torch.arange(128, dtype=torch.float64) / 128)
        angle = -alpha.log()[..., None] * frequency
        return F.silu(self.second(F.silu(self.first(torch.cat([angle.cos(), angle.sin()], -1)))))


class Network(nn.Module):
    def __init__(self, c, length, blocks, norm=None, head=None, condition=0):
        super().__init__()
        self.conditioning = Conditioning(condition) if condition else None
        self.modulation = nn.Linear(condition, 2 * c) if condition else None
        self.token = nn.Embedding(V, c)
        self.position = nn.Parameter(torch.zeros(length, c)) if length else None
        self.blocks, self.norm, self.head = nn.ModuleList(blocks), norm, head

    def forward(self, ids, alpha):
        told = self.conditioning(alpha) if self.conditioning else None
        x = self.token(ids)
        x = x if self.position is None else x + self.position[:ids.shape[1]]
        for block in self.blocks:
            x = block(x, told)
        x = x if self.norm is None else self.norm(x)
        if self.modulation is not None:
            shift, scale = self.modulation(told).chunk(2, -1)
            x = x * (1 + scale) + shift
        return F.linear(x, self.token.weight) if self.head is None else self.head(x)


def nanodllm():
    eps = torch.finfo(torch.float32).eps
    return Network(256, 512, [Block(lambda c: RmsNorm(c, eps), 256, Attention(256, 8, False, True),
                                    Mlp(256, 1024, F.silu, False)) for _ in range(4)], None, nn.Linear(256, V))


def classic(length=48, c=32, layers=2, heads=4):
    return Network(c, length, [Block(nn.LayerNorm, c, Attention(c, heads, True, True), Mlp(c, 4 * c, F.gelu, True))
                               for _ in range(layers)], nn.LayerNorm(c))


def modern(c=48, layers=3, heads=4, condition=0):
    def norm(width):
        return RmsNorm(width, 1e-6)
    return Network(c, 0, [Block(norm, c, Attention(c, heads, False, False, norm), Mlp(c, 128, F.silu, False, True),
                                condition) for _ in range(layers)], norm(c), nn.Linear(c, V, False), condition)


def case(name, network, length):
    network.double()
    with torch.no_grad():
        for key, p in network.named_parameters():
            p.copy_(weight(key, tuple(p.shape)))
    target = torch.from_numpy(np.floor((uniform(name + " ids", 2 * length) + 1) / 2 * MASK)).long().view(2, length)
    probability = torch.tensor([[.25], [.7]])
    masked = torch.from_numpy((uniform(name + " mask", 2 * length) + 1) / 2).view(2, length) < probability
    ids = target.masked_fill(masked, MASK)
    logits = network(ids, 1 - probability.double())
    allowed = logits.masked_fill(torch.arange(V) == MASK, float("-inf"))
    ce = F.cross_entropy(allowed.flatten(0, 1), target.flatten(), reduction="none").view(2, length)
    loss = (ce * masked / probability.double()).sum() / (2 * length)
    loss.backward()
    tensors.update({f"{name}/{k}": v for k, v in {"ids": ids, "target": target, "probability": probability,
                                                  "logits": logits.float(), "loss": loss}.items()})
    for key, p in network.named_parameters():
        g = p.grad.flatten()
        at = torch.arange(16) * (len(g) - 1) // 15
        tensors[f"{name}/g.{key}"] = torch.cat([g.norm()[None], g[at]])
    print(name, sum(p.numel() for p in network.parameters()), loss.item(), logits.abs().max().item())


case("nanodllm", nanodllm(), 64)
case("classic", classic(), 40)
case("modern", modern(), 40)
case("conditioned", modern(layers=2, condition=24), 40)
metadata = {"origin": f"make_transformers.py, torch {torch.__version__}"}
save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, sys.argv[1], metadata)
