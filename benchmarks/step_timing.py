"""PyTorch's side of StepTiming: the same network (GPT-2's block, every position sees every other, head tied to the
token table), the same loss and optimiser. Arguments: cpu|small|baby [steps] [forward] [threads]."""
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

CONFIGS = {"cpu": (4, 4, 128, 64, 12), "small": (4, 8, 256, 512, 16), "baby": (6, 6, 384, 256, 16)}
VOCABULARY = 66


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.output = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.up = nn.Linear(width, 4 * width)
        self.down = nn.Linear(4 * width, width)

    def forward(self, h):
        rows, length, width = h.shape
        parts = self.qkv(self.norm1(h)).view(rows, length, 3, self.heads, width // self.heads)
        q, k, v = parts.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(rows, length, width)
        h = h + self.output(mixed)
        return h + self.down(F.gelu(self.up(self.norm2(h))))


class Network(nn.Module):
    def __init__(self, layers, heads, width, length):
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, width)
        self.position = nn.Parameter(torch.zeros(length, width))
        self.blocks = nn.ModuleList([Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm(width)
        for part in self.modules():
            if isinstance(part, (nn.Linear, nn.Embedding)):
                nn.init.normal_(part.weight, std=0.02)

    def forward(self, ids):
        h = self.token(ids) + self.position
        for block in self.blocks:
            h = block(h)
        return self.norm(h) @ self.token.weight.T


name = sys.argv[1] if len(sys.argv) > 1 else "cpu"
steps = int(sys.argv[2]) if len(sys.argv) > 2 else 100
forward = "forward" in sys.argv[3:]
threads = next((int(a) for a in sys.argv[3:] if a.isdigit()), 2)
torch.set_num_threads(threads)
torch.manual_seed(0)
layers, heads, width, length, batch = CONFIGS[name]
network = Network(layers, heads, width, length)
optimizer = torch.optim.AdamW(network.parameters(), 1e-3, (0.9, 0.99), weight_decay=0.1, fused=True)
clean = torch.randint(VOCABULARY - 1, (batch, length))


def step():
    p = 1e-3 + (1 - 1e-3) * (torch.rand(1) + torch.arange(batch)[:, None] / batch).remainder(1)
    masked = torch.rand(batch, length) < p
    noisy = torch.where(masked, VOCABULARY - 1, clean)
    if forward:
        with torch.no_grad():
            network(noisy)
        return
    losses = F.cross_entropy(network(noisy).flatten(0, 1), clean.flatten(), reduction="none").view(batch, length)
    (losses * masked / p).sum().div(batch * length).backward()
    nn.utils.clip_grad_norm_(network.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad()


for _ in range(min(50, steps)):
    step()
seconds = []
for _ in range(steps):
    start = time.perf_counter()
    step()
    seconds.append(time.perf_counter() - start)
median = statistics.median(seconds)
count = sum(p.numel() for p in network.parameters())
print(f"torch {torch.__version__} {'forward' if forward else 'train'} {name}: {count} parameters, {threads} threads, "
      f"median {median * 1e3:.1f} ms, {batch * length / median:.0f} tokens/s")
