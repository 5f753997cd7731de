"""A small predictor trained by torch.autocast, and the scales of torch.amp.GradScaler: precision.safetensors, in the test
resources of org.sfumato.nn.optim.

    python make_precision.py ../resources/org/sfumato/nn/optim/precision.safetensors
"""
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(7)
V, D, H, T, B, FF, STEPS = 13, 8, 2, 6, 4, 16, 5
out = {}
ids = torch.randint(V, (B, T))
targets = torch.randint(V, (B, T))
out["ids"], out["targets"] = ids, targets


def uniform(*shape):
    return (torch.rand(shape) * 2 - 1) * (3 / shape[-1]) ** 0.5


start = {
    "table": uniform(V, D) * 2, "norm1.weight": 1 + uniform(D) / 5, "norm1.bias": uniform(D) / 5,
    "qkv.weight": uniform(3 * D, D), "qkv.bias": uniform(3 * D) / 5, "output.weight": uniform(D, D),
    "output.bias": uniform(D) / 5, "norm2.weight": 1 + uniform(D) / 5, "norm2.bias": uniform(D) / 5,
    "up.weight": uniform(FF, D), "up.bias": uniform(FF) / 5, "down.weight": uniform(D, FF),
    "down.bias": uniform(D) / 5, "head.weight": uniform(V, D), "head.bias": uniform(V) / 5,
}


def loss(p):
    x = F.embedding(ids, p["table"])
    y = F.layer_norm(x, (D,), p["norm1.weight"], p["norm1.bias"])
    qkv = F.linear(y, p["qkv.weight"], p["qkv.bias"]).view(B, T, 3 * H, D // H).transpose(1, 2)
    q, k, v = qkv.split(H, 1)
    y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(B, T, D)
    x = x + F.linear(y, p["output.weight"], p["output.bias"])
    y = F.layer_norm(x, (D,), p["norm2.weight"], p["norm2.bias"])
    x = x + F.linear(F.gelu(F.linear(y, p["up.weight"], p["up.bias"])), p["down.weight"], p["down.bias"])
    return F.cross_entropy(F.linear(x, p["head.weight"], p["head.bias"]).view(-1, V), targets.view(-1))


for name, dtype in (("f32", None), ("bf16", torch.bfloat16), ("fp16", torch.float16)):
    p = {n: t.clone().requires_grad_() for n, t in start.items()}
    optimizer = torch.optim.AdamW(p.values(), lr=1e-2)
    scaler = torch.amp.GradScaler("cpu", enabled=dtype == torch.float16, growth_interval=2)
    losses = []
    for step in range(STEPS):
        optimizer.zero_grad()
        with torch.autocast("cpu", dtype=dtype, enabled=dtype is not None):
            value = loss(p)
        losses.append(value.detach().float())
        scaler.scale(value).backward()
        scaler.unscale_(optimizer)
        if step == 0:
            out.update({f"{name}/g.{n}": t.grad.clone() for n, t in p.items()})
        torch.nn.utils.clip_grad_norm_(p.values(), 1.0)
        scaler.step(optimizer)
        scaler.update()
    out[f"{name}/losses"] = torch.stack(losses)
    print(name, [round(float(x), 5) for x in losses], scaler.get_scale())
for n, t in start.items():
    out[f"start.{n}"] = t

# Which steps overflow; the scale and the steps since the last change before each step, and after the last.
overflows = torch.tensor([0, 0, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], dtype=torch.int64)
for name, init, interval in (("scaler", 65536.0, 3), ("highest", 2.0**126, 1)):
    scaler = torch.amp.GradScaler("cpu", init_scale=init, growth_interval=interval)
    w = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([w], lr=1.0)
    scales, streaks, weights = [], [], []
    for bad in overflows.tolist() + [None]:
        scales.append(scaler.state_dict()["scale"])
        streaks.append(float(scaler.state_dict()["_growth_tracker"]))
        weights.append(w.item())
        if bad is not None:
            scaler.scale(w.sum()).backward()
            w.grad.fill_(float("inf") if bad else w.grad.item())
            scaler.step(optimizer)
            scaler.update()
            optimizer.zero_grad()
    out[f"{name}/scales"] = torch.tensor(scales, dtype=torch.float64)
    out[f"{name}/streaks"] = torch.tensor(streaks)
    out[f"{name}/weights"] = torch.tensor(weights)
    print(name, scales, streaks, weights)
out["overflows"] = overflows
save_file(out, sys.argv[1])
