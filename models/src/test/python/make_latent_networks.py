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
    elif len(shape) in (2, 4):
        value = u * (3 / np.prod(shape[1:])) ** .5
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

    def begin(self, z, time):
        x = self.input(torch.cat([z, waves(time, self.d)[:, None].expand(z.shape)], -1))
        return x if self.position is None else x + self.position[:z.shape[1]]

    def forward(self, z, time, before, present):
        x = self.begin(z, time)
        return self.transformer(x, x)

    def walk(self, z, time, at):
        t = self.transformer
        memory = x = at(0, self.begin(z, time))
        for i, layer in enumerate(t.encoder.layers):
            memory = at(i + 1, layer(memory))
        memory = t.encoder.norm(memory)
        for i, layer in enumerate(t.decoder.layers):
            x = at(len(t.encoder.layers) + i + 1, layer(x, memory))
        return x

    def end(self, x):
        return self.transformer.decoder.norm(x)


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


class TimeMlp(nn.Module):
    def __init__(self, waves, d, activation):
        super().__init__()
        self.first, self.second, self.activation = nn.Linear(waves, d), nn.Linear(d, d), activation

    def forward(self, x):
        return self.second(self.activation(self.first(x)))


class Step(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        self.linear, self.norm = nn.Linear(i, o), nn.LayerNorm(o)

    def forward(self, x):
        return F.gelu(self.norm(self.linear(x)))


class MlpUnet(nn.Module):
    def __init__(self, size, hidden):
        super().__init__()
        self.down = nn.ModuleList(Step(i, o) for i, o in zip([size] + hidden, hidden))
        self.time = TimeMlp(hidden[-1], hidden[-1], F.gelu)
        back = hidden[::-1]
        self.up = nn.ModuleList(Step(i, o) for i, o in zip(back, back[1:]))
        self.output = nn.Linear(hidden[0], size)

    def names(self):
        return dict(self.named_parameters())

    def forward(self, z, time, before, present):
        half = self.time.first.in_features // 2
        a = time[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / (half - 1))
        x, made = z.flatten(1), []
        for step in self.down:
            x = step(x)
            made.append(x)
        x = x + self.time(torch.cat([a.sin(), a.cos()], -1))
        for step, add in zip(self.up, made[-2::-1]):
            x = step(x) + add
        return self.output(x).reshape(z.shape)


class ResBlock(nn.Module):
    def __init__(self, i, o, t, groups):
        super().__init__()
        self.norm1, self.conv1 = nn.GroupNorm(groups, i, eps=1e-5), nn.Conv2d(i, o, 3, padding=1)
        self.time = nn.Linear(t, o)
        self.norm2, self.conv2 = nn.GroupNorm(groups, o, eps=1e-5), nn.Conv2d(o, o, 3, padding=1)
        self.shortcut = nn.Conv2d(i, o, 1) if i != o else nn.Identity()

    def forward(self, x, t):
        h = self.conv1(F.silu(self.norm1(x))) + self.time(F.silu(t))[:, :, None, None]
        return self.shortcut(x) + self.conv2(F.silu(self.norm2(h)))


class Qkv(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.qkv, self.output, self.heads = nn.Linear(d, 3 * d), nn.Linear(d, d), heads

    def forward(self, x):
        q, k, v = (split_heads(y, self.heads) for y in self.qkv(x).chunk(3, -1))
        return self.output(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class ImageAttention(nn.Module):
    def __init__(self, channels, groups, head):
        super().__init__()
        self.norm, self.attention = nn.GroupNorm(groups, channels, eps=1e-5), Qkv(channels, channels // head)

    def forward(self, x):
        return x + self.attention(self.norm(x).flatten(2).mT).mT.reshape(x.shape)


class Level(nn.Module):
    def __init__(self, ins, o, t, groups, head, attention, resample):
        super().__init__()
        self.blocks = nn.ModuleList(ResBlock(i, o, t, groups) for i in ins)
        self.attentions = nn.ModuleList(ImageAttention(o, groups, head) for _ in ins if attention)
        self.resample = resample


class Unet(nn.Module):
    """diffusers' UNet2DModel, from its description."""

    def __init__(self, size, channels, attention, layers, groups, head):
        super().__init__()
        t, n = 4 * channels[0], len(channels)
        self.size = size
        self.input, self.time = nn.Conv2d(4, channels[0], 3, padding=1), TimeMlp(channels[0], t, F.silu)
        down, made, c = [], [channels[0]], channels[0]
        for i, o in enumerate(channels):
            resample = nn.Conv2d(o, o, 3, stride=2, padding=1) if i < n - 1 else None
            down.append(Level([c] + [o] * (layers - 1), o, t, groups, head, attention[i], resample))
            made += [o] * (layers + (i < n - 1))
            c = o
        self.down = nn.ModuleList(down)
        self.middle1, self.middle2 = ResBlock(c, c, t, groups), ResBlock(c, c, t, groups)
        self.middleAttention = ImageAttention(c, groups, head)
        up = []
        for i, o in reversed(list(enumerate(channels))):
            ins = []
            for _ in range(layers + 1):
                ins.append(c + made.pop())
                c = o
            up.append(Level(ins, o, t, groups, head, attention[i], nn.Conv2d(o, o, 3, padding=1) if i > 0 else None))
        self.up = nn.ModuleList(up)
        self.norm, self.output = nn.GroupNorm(groups, c, eps=1e-5), nn.Conv2d(c, 4, 3, padding=1)

    def names(self):
        return dict(self.named_parameters())

    def forward(self, z, time, before, present):
        multiple = 2 ** (len(self.down) - 1)
        w = max(1, int((self.size // 4) ** .5))
        h = max(w, -(-self.size // (4 * w)))
        h, w = (-(-n // multiple) * multiple for n in (h, w))
        x = F.pad(z.flatten(1), (0, 4 * h * w - self.size)).view(-1, 4, h, w)
        half = self.time.first.in_features // 2
        a = time[:, None] * torch.exp(-math.log(10000) * torch.arange(half) / half)
        t = self.time(torch.cat([a.cos(), a.sin()], -1))
        x = self.input(x)
        made = [x]
        for level in self.down:
            for j, block in enumerate(level.blocks):
                x = block(x, t)
                x = level.attentions[j](x) if level.attentions else x
                made.append(x)
            if level.resample is not None:
                x = level.resample(x)
                made.append(x)
        x = self.middle2(self.middleAttention(self.middle1(x, t)), t)
        for level in self.up:
            for j, block in enumerate(level.blocks):
                x = block(torch.cat([x, made.pop()], 1), t)
                x = level.attentions[j](x) if level.attentions else x
            x = x if level.resample is None else level.resample(F.interpolate(x, scale_factor=2, mode="nearest"))
        return self.output(F.silu(self.norm(x))).flatten(1)[:, :self.size].reshape(z.shape)


class Mlp(nn.Module):
    def __init__(self, d):
        super().__init__()
        self.up, self.down = nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x):
        return self.down(F.gelu(self.up(x)))


class SequenceBlock(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.attentionNorm, self.mlpNorm = nn.LayerNorm(d), nn.LayerNorm(d)
        self.attention, self.mlp = Qkv(d, heads), Mlp(d)

    def forward(self, x):
        x = x + self.attention(self.attentionNorm(x))
        return x + self.mlp(self.mlpNorm(x))


class Sequence(nn.Module):
    def __init__(self, n, width, layers, d, heads):
        super().__init__()
        self.input, self.output, self.norm = nn.Linear(width, d), nn.Linear(d, width), nn.LayerNorm(d)
        self.position, self.time = nn.Parameter(torch.zeros(n, d)), TimeMlp(d, d, F.silu)
        self.blocks = nn.ModuleList(SequenceBlock(d, heads) for _ in range(layers))

    def names(self):
        return dict(self.named_parameters())

    def forward(self, z, time, before, present):
        return self.end(self.walk(z, time, lambda i, x: x))

    def walk(self, z, time, at):
        x = at(0, self.input(z) + self.position + self.time(waves(time, self.norm.weight.shape[0]))[:, None])
        for i, block in enumerate(self.blocks):
            x = at(i + 1, block(x))
        return x

    def end(self, x):
        return self.output(self.norm(x))


class Control(nn.Module):
    """ControlNet: a frozen network, and a copy whose blocks are steered by a condition and steer those of the frozen one."""

    def __init__(self, make, blocks, hidden, condition, head):
        super().__init__()
        self.network, self.copy, self.head = make(), make(), head
        self.input = nn.Linear(condition, hidden)
        self.outputs = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(blocks))
        with torch.no_grad():
            for key, p in self.network.names().items():
                p.copy_(weight("network." + key, tuple(p.shape)))

    def names(self):
        found = {"copy." + key: p for key, p in self.copy.names().items() if not key.startswith(self.head)}
        found.update({"input." + key: p for key, p in self.input.named_parameters()})
        found.update({"outputs." + key: p for key, p in self.outputs.named_parameters()})
        return found

    def forward(self, z, time, before, present):
        told = (self.input(before) * present[..., None]).sum(1, keepdim=True)
        obeying = present.any(1)[:, None, None].double()
        made = []

        def read(i, x):
            made.append(x)
            return x + told if i == 0 else x

        self.copy.walk(z, time, read)
        return self.network.end(self.network.walk(
            z, time, lambda i, x: x if i == 0 else x + obeying * self.outputs[i - 1](made[i])))


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
    tensors[name + "/output"] = output.detach().contiguous()
    tensors[name + "/loss"] = loss.detach()
    for key, p in named.items():
        g = p.grad.reshape(-1)
        picked = g[[i * (len(g) - 1) // 15 for i in range(16)]]
        tensors[f"{name}/g.{key}"] = torch.cat([g.norm()[None], picked])


case("reverse", Reverse(32, 4, 2, 3, 48, 1), 1, 32, 0, [0.0, 17.0, 600.0])
case("reverseOfThree", Reverse(32, 4, 2, 3, 48, 3), 3, 32, 0, [0.0, 17.0, 600.0])
case("ldlm", Ldlm(2, 32, 4, 8, 2), 1, 8, 2, [-1.5, 0.1, 1.2])
case("context", Context(2, 32, 24, 4, 8, 1.5), 1, 8, 3, [-1.5, 0.1, 1.2])
case("mlpUnet", MlpUnet(21, [16, 12, 8]), 3, 7, 0, [0.0, 17.0, 600.0])
case("unet2d", Unet(77, [8, 16, 16], [False, True, False], 2, 4, 4), 7, 11, 0, [0.0, 17.0, 600.0])
case("sequence", Sequence(5, 6, 2, 16, 4), 5, 6, 0, [0.0, 17.0, 600.0])
case("control", Control(lambda: Sequence(5, 6, 2, 16, 4), 2, 16, 6, ("norm.", "output.")), 5, 6, 2, [0.0, 17.0, 600.0])
case("controlOfReverse", Control(lambda: Reverse(8, 2, 1, 2, 12, 3), 3, 8, 8, ("decoderNorm.",)), 3, 8, 2, [0.0, 17.0, 600.0])
print("UNet2D", sum(p.numel() for p in Unet(5184, [128, 256, 512, 512], [False, False, True, False], 2, 32, 8).parameters()),
      "MLP-UNet", sum(p.numel() for p in MlpUnet(5184, [256, 512, 1024]).parameters()))
save_file(tensors, sys.argv[1], {"source": "make_latent_networks.py, torch " + torch.__version__})
