"""Optimisers, clipping, schedules and averages as PyTorch has them: optimizers.safetensors, in the test resources of
org.sfumato.nn.optim.

Gradients are given, not computed, so that nothing but the optimiser is compared: `grads/NAME` (steps, ...). Start:
`start/NAME`. Each case: `case/NAME` (steps, ...), the parameter after every step, in float64. The rate of step s is the
group's rate times `rates[s]`.

    python make_optimizers.py ../resources/org/sfumato/nn/optim/optimizers.safetensors
"""
import sys

import torch
from safetensors.torch import save_file

STEPS = 16
generator = torch.Generator().manual_seed(21)
shapes = {"square": (6, 6), "wide": (4, 9), "tall": (10, 3), "bias": (5,)}
start = {k: torch.randn(*s, generator=generator) for k, s in shapes.items()}
grads = {k: torch.randn(STEPS, *s, generator=generator) * torch.logspace(0, -3, STEPS).reshape(-1, *[1] * len(s))
         for k, s in shapes.items()}
rates = torch.linspace(1, .25, STEPS, dtype=torch.float64)
tensors = {f"start/{k}": v for k, v in start.items()} | {f"grads/{k}": v for k, v in grads.items()} | {"rates": rates}


def run(case, make, names=tuple(shapes)):
    """Keeps the trajectory of the optimiser that `make` gives for the named parameters."""
    p = {k: start[k].double().requires_grad_() for k in names}
    optimizer = make(p)
    heights = [group["lr"] for group in optimizer.param_groups]
    path = {k: [] for k in names}
    for s in range(STEPS):
        for group, height in zip(optimizer.param_groups, heights):
            group["lr"] = height * rates[s].item()
        for k in names:
            p[k].grad = grads[k][s].double()
        optimizer.step()
        for k in names:
            path[k].append(p[k].detach().clone())
    tensors.update({f"{case}/{k}": torch.stack(v) for k, v in path.items()})


run("adamW", lambda p: torch.optim.AdamW(p.values(), 1e-2))
run("adamWDecay", lambda p: torch.optim.AdamW(p.values(), 1e-2, (.9, .99), 1e-6, .3))
run("adamWMatrices", lambda p: torch.optim.AdamW(
    [{"params": [v for v in p.values() if v.dim() > 1]},
     {"params": [v for v in p.values() if v.dim() < 2], "weight_decay": 0.0}], 1e-2, (.9, .99), weight_decay=.3))
run("sgd", lambda p: torch.optim.SGD(p.values(), .1))
run("sgdDecay", lambda p: torch.optim.SGD(p.values(), .1, weight_decay=.2))
run("sgdMomentum", lambda p: torch.optim.SGD(p.values(), .1, .9))
run("sgdNesterov", lambda p: torch.optim.SGD(p.values(), .1, .9, nesterov=True, weight_decay=.05))


class Muon(torch.optim.Optimizer):
    """The algorithm as Jordan et al. 2024 describe it, in the precision of the parameters (theirs is bfloat16)."""

    def __init__(self, params, lr, momentum, weight_decay):
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for p in group["params"]:
                u = self.state[p].setdefault("u", torch.zeros_like(p))
                u.mul_(group["momentum"]).add_(p.grad)
                o = p.grad + group["momentum"] * u
                transposed = o.shape[0] > o.shape[1]
                o = o.T if transposed else o
                o = o / (o.norm() + 1e-7)
                for _ in range(5):
                    gram = o @ o.T
                    o = 3.4445 * o + (-4.7750 * gram + 2.0315 * gram @ gram) @ o
                o = o.T if transposed else o
                p.mul_(1 - group["lr"] * group["weight_decay"])
                p.sub_(group["lr"] * max(1, p.shape[0] / p.shape[1]) ** .5 * o)


matrices = ("square", "wide", "tall")
run("muon", lambda p: Muon(p.values(), .02, .95, 0), matrices)
run("muonDecay", lambda p: Muon(p.values(), .05, .9, .1), matrices)
run("torchMuon", lambda p: torch.optim.Muon(p.values(), .02, 0, .95), matrices)    # its products are in bfloat16

for case, limit in (("clipLow", .5), ("clipHigh", 1e3)):
    parameters = {k: torch.zeros(s, dtype=torch.float64, requires_grad=True) for k, s in shapes.items()}
    for k, p in parameters.items():
        p.grad = grads[k][0].double()
    norm = torch.nn.utils.clip_grad_norm_(parameters.values(), limit)
    tensors.update({f"{case}/{k}": p.grad for k, p in parameters.items()} | {f"{case}/norm": norm})


def schedule(case, make, steps=60):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], 1.0)
    scheduler = make(optimizer)
    values = []
    for _ in range(steps):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    tensors[f"{case}/values"] = torch.tensor(values, dtype=torch.float64)


from torch.optim.lr_scheduler import ConstantLR, CosineAnnealingLR, LinearLR, SequentialLR  # noqa: E402


def warmed(after):
    return lambda o: SequentialLR(o, [LinearLR(o, 1 / 10, 1, 9), after(o)], [10])


schedule("cosine", lambda o: CosineAnnealingLR(o, 60, .1))
schedule("linear", lambda o: LinearLR(o, 1, .2, 50))                               # stays at its floor after step 50
schedule("warmCosine", warmed(lambda o: CosineAnnealingLR(o, 50, .1)))
schedule("warmLinear", warmed(lambda o: LinearLR(o, 1, 1e-9, 50)))
schedule("warmConstant", warmed(lambda o: ConstantLR(o, 1)))

# k-diffusion, EMAWarmup.get_value: 1 - (1 + epoch / inv_gamma) ** -power, within [0, max_value]
for case, (inv_gamma, power, top) in {"ema1": (1.0, 2 / 3, .9999), "ema2": (5.0, 3 / 4, .6)}.items():
    average, path, decays = start["wide"].double(), [], []
    parameter = start["wide"].double()
    for s in range(STEPS):
        parameter = parameter - grads["wide"][s].double()
        decay = max(0.0, min(top, 1 - (1 + s / inv_gamma) ** -power))
        average = decay * average + (1 - decay) * parameter
        decays.append(decay)
        path.append(average)
    tensors.update({f"{case}/decay": torch.tensor(decays, dtype=torch.float64), f"{case}/wide": torch.stack(path)})

metadata = {"origin": f"make_optimizers.py, torch {torch.__version__}"}
save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, sys.argv[1], metadata)
print((tensors["muon/wide"] - tensors["torchMuon/wide"]).abs().max())
