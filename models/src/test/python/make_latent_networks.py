"""Denoisers of latents in PyTorch: latent_networks.safetensors, in the test resources of org.sfumato.models.gaussian.

No weights or inputs are stored: both sides make them from their names, by the formula of make_transformers.py. Each case:
`case/output`, the prediction; `case/loss`, the mean of (output - target)^2; and for each parameter `case/g.NAME`: the norm
of its gradient, then 16 elements at i (n - 1) / 15. PyTorch computes in float64. The Reverse Transformer is
torch.nn.Transformer itself.

    python make_latent_networks.py ../resources/org/sfumato/models/gaussian/latent_networks.safetensors
"""
import math
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F
from safetensors.torch import save_file

tensors = {}
torch.set_default_dtype(torch.float64)


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


def raw(name, *shape):
    return torch.from_numpy(uniform(name, int(np.prod(shape)))).reshape(shape).float().double()


def weight(name, shape):
    u = torch.from_numpy(uniform(name, int(np.prod(shape)))).reshape(shape)
    if name == "position":
        value = u
    elif len(shape) == 2:
        value = u * (3 / shape[1]) ** .5
    else:
        value = 1 + .2 * u if name.endswith("weight") else .1 * u
    return value.float().double()


def waves(t, d):
    half = d // 2
    f = torch.exp(-torch.arange(half) * math.log(10000) / half)
    a = t[:, None] * f
    return torch.cat([a.sin(), a.cos()], -1)


class Reverse(nn.Module):
    """torch.nn.Transformer with source = target; its parameters under our names."""

    def __init__(self, d, heads, encoder, decoder, hidden, length):
        super().__init__()
        self.input = nn.Linear(2 * d, d)
        self.transformer = nn.Transformer(d, heads, encoder, decoder, hidden, 0.0, batch_first=True)
        self.position = nn.Parameter(torch.zeros(length, d)) if length > 1 else None
        self.d = d

    def names(self):
        found = {"input.weight": self.input.weight, "input.bias": self.input.bias}
        if self.position is not None:
            found["position"] = self.position
        t = self.transformer
        for side, layers in ("encoder", t.encoder.layers), ("decoder", t.decoder.layers):
            for i, layer in enumerate(layers):
                p = f"{side}.{i}."
                pairs = {"attention": layer.self_attn}
                if side == "decoder":
                    pairs["memoryAttention"] = layer.multihead_attn
                for name, m in pairs.items():
                    found[p + name + ".projection.weight"] = m.in_proj_weight
                    found[p + name + ".projection.bias"] = m.in_proj_bias
                    found[p + name + ".output.weight"] = m.out_proj.weight
                    found[p + name + ".output.bias"] = m.out_proj.bias
                for name, m in ("up", layer.linear1), ("down", layer.linear2):
                    found[p + f"forward.{name}.weight"], found[p + f"forward.{name}.bias"] = m.weight, m.bias
                for j in range(3 if side == "decoder" else 2):
                    m = getattr(layer, f"norm{j + 1}")
                    found[p + f"norm{j + 1}.weight"], found[p + f"norm{j + 1}.bias"] = m.weight, m.bias
        for side, m in ("encoder", t.encoder.norm), ("decoder", t.decoder.norm):
            found[side + "Norm.weight"], found[side + "Norm.bias"] = m.weight, m.bias
        return found

    def forward(self, z, time, before, present):
        x = self.input(torch.cat([z, waves(time, self.d)[:, None].expand(z.shape)], -1))
        x = x if self.position is None else x + self.position[:z.shape[1]]
        return self.transformer(x, x)


def fourier(time, w):
    a = 2 * math.pi * time[:, None] * w[:, 0]
    return torch.cat([a.cos(), a.sin()], -1)


def split_heads(x, heads):
    return x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2)


class Geglu(nn.Module):
    def __init__(self, d, inner, bias):
        super().__init__()
        self.up, self.down = nn.Linear(d, 2 * inner, bias), nn.Linear(inner, d, bias)

    def forward(self, x):
        gate, value = self.up(x).chunk(2, -1)
        return self.down(F.gelu(gate) * value)


class LdlmBlock(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads = heads
        self.attentionNorm, self.mlpNorm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.query, self.key, self.value, self.output = (nn.Linear(d, d) for _ in range(4))
        self.queryNorm, self.keyNorm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.mlp = Geglu(d, 4 * d, True)

    def forward(self, x, mask):
        h = self.attentionNorm(x)
        q, k = self.queryNorm(self.query(h)), self.keyNorm(self.key(h))
        q, k, v = (split_heads(y, self.heads) for y in (q, k, self.value(h)))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None])
        x = x + self.output(y.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.mlpNorm(x))


class Ldlm(nn.Module):
    def __init__(self, layers, d, heads, width, context):
        super().__init__()
        self.input, self.output = nn.Linear(width, d, bias=False), nn.Linear(d, width)
        self.position = nn.Parameter(torch.zeros(context + 2, d))
        self.inputNorm, self.norm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.blocks = nn.ModuleList(LdlmBlock(d, heads) for _ in range(layers))
        self.register_buffer("w", weight("fourier.weight", (d // 2, 1)))

    def names(self):
        return dict(self.named_parameters())

    def forward(self, z, time, before, present):
        x = torch.cat([fourier(time, self.w)[:, None], self.input(z), self.input(before)], 1)
        x = self.inputNorm(x + self.position[:x.shape[1]])
        m = torch.cat([torch.ones(z.shape[0], 2, dtype=bool), present], 1)
        mask = m[:, :, None] & m[:, None, :] | torch.eye(m.shape[1], dtype=bool)
        for block in self.blocks:
            x = block(x, mask)
        return self.output(self.norm(x)[:, 1:2])


class Rms(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(d))

    def forward(self, x):
        return rms(x) * self.weight


def rms(x):
    return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6)


class AdaRms(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.scale = nn.Linear(d, d, bias=False)

    def forward(self, x, c):
        return rms(x) * (1 + self.scale(c))[:, None]


class Mapping(nn.Module):
    def __init__(self, d, inner):
        super().__init__()
        self.input = nn.Linear(d, d, bias=False)
        self.inputNorm, self.mlpNorm, self.norm = Rms(d), Rms(d), Rms(d)
        self.mlp = Geglu(d, inner, False)

    def forward(self, x):
        x = self.inputNorm(self.input(x))
        return self.norm(x + self.mlp(self.mlpNorm(x)))


class ContextBlock(nn.Module):
    def __init__(self, d, heads, inner):
        super().__init__()
        self.heads = heads
        self.attentionNorm, self.mlpNorm = AdaRms(d), AdaRms(d)
        self.qkv, self.output = nn.Linear(d, 3 * d, bias=False), nn.Linear(d, d, bias=False)
        self.logScale = nn.Parameter(torch.zeros(heads))
        self.logFrequency = nn.Parameter(torch.zeros(d // heads // 2))
        self.mlp = Geglu(d, inner, False)

    def rotate(self, x):
        half = x.shape[-1] // 2
        a = torch.arange(x.shape[-2])[:, None] * self.logFrequency.exp()
        z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(a), a)
        return torch.cat([z.real, z.imag], -1)

    def unit(self, x):
        s = self.logScale.clamp(max=math.log(100))[:, None, None]
        return rms(x) * torch.exp(.5 * s - .25 * math.log(x.shape[-1]))

    def forward(self, x, c, mask):
        q, k, v = (split_heads(y, self.heads) for y in self.qkv(self.attentionNorm(x, c)).chunk(3, -1))
        q, k = self.rotate(self.unit(q)), self.rotate(self.unit(k))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=mask[:, None, None])
        x = x + self.output(y.transpose(1, 2).reshape(x.shape))
        return x + self.mlp(self.mlpNorm(x, c))


class Context(nn.Module):
    def __init__(self, layers, d, inner, heads, width, deviation):
        super().__init__()
        self.mapping = Mapping(d, inner)
        self.input, self.beforeInput = nn.Linear(width, d), nn.Linear(width, d)
        self.blocks = nn.ModuleList(ContextBlock(d, heads, inner) for _ in range(layers))
        self.norm, self.output = Rms(d), nn.Linear(d, width, bias=False)
        self.deviation = deviation
        self.register_buffer("w", weight("fourier.weight", (d // 2, 1)))

    def names(self):
        return dict(self.named_parameters())

    def forward(self, z, time, before, present):
        c = self.mapping(fourier(time, self.w))
        x = torch.cat([self.input(z), self.beforeInput(before / self.deviation)], 1)
        mask = torch.cat([torch.ones(z.shape[0], 1, dtype=bool), present], 1)
        for block in self.blocks:
            x = block(x, c, mask)
        return self.output(self.norm(x[:, :1]))


def case(name, network, n, d, m, time):
    named = network.names()
    with torch.no_grad():
        for key, p in named.items():
            p.copy_(weight(key, tuple(p.shape)))
    z, target, before = raw("z", 3, n, d), raw("target", 3, n, d), raw("before", 3, max(m, 1), d)
    present = raw("present", 3, max(m, 1)) > 0
    output = network(z, torch.tensor(time), before, present)
    loss = (output - target).square().mean()
    loss.backward()
    tensors[name + "/output"] = output.detach()
    tensors[name + "/loss"] = loss.detach()
    for key, p in named.items():
        g = p.grad.reshape(-1)
        picked = g[[i * (len(g) - 1) // 15 for i in range(16)]]
        tensors[f"{name}/g.{key}"] = torch.cat([g.norm()[None], picked])


case("reverse", Reverse(32, 4, 2, 3, 48, 1), 1, 32, 0, [0.0, 17.0, 600.0])
case("reverseOfThree", Reverse(32, 4, 2, 3, 48, 3), 3, 32, 0, [0.0, 17.0, 600.0])
case("ldlm", Ldlm(2, 32, 4, 8, 2), 1, 8, 2, [-1.5, 0.1, 1.2])
case("context", Context(2, 32, 24, 4, 8, 1.5), 1, 8, 3, [-1.5, 0.1, 1.2])
save_file(tensors, sys.argv[1], {"source": "make_latent_networks.py, torch " + torch.__version__})
