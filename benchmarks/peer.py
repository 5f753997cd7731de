"""PyTorch's side of `sfumato bench`: the same work, lines of the same form.

    python peer.py step|forward --config cpu|small|baby [--threads N] [--steps N] [--warmup SECONDS]
    python peer.py gemm|ops [--threads N] NAME ...        names as `sfumato bench gemm --list` prints them
    python peer.py decode [--threads N] [--prompt N] [--tokens N] [--rounds N]        needs transformers
"""

import argparse
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

VOCABULARY, MASK = 66, 65
CONFIGS = {  # length, width, layers, heads, rows of a batch, steps to measure
    "cpu": (64, 128, 4, 4, 12, 100),
    "small": (512, 256, 4, 8, 16, 9),
    "baby": (256, 384, 6, 6, 16, 9),
}


def line(kind, name, figures):
    print(f"torch {torch.__version__} eager {kind} {name}: {figures}", flush=True)


def peak_resident():
    """MiB, or nothing outside Linux."""
    try:
        with open("/proc/self/status") as status:
            return next(f"peak {int(row.split()[1]) >> 10} MiB" for row in status if row.startswith("VmHWM"))
    except OSError:
        return "peak unknown"


# ---- whole networks


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads, self.qkv, self.out = heads, nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, h):
        parts = self.qkv(h).unflatten(-1, (3, self.heads, -1)).transpose(1, 3).unbind(2)      # (B, H, T, D) each
        return self.out(F.scaled_dot_product_attention(*parts).transpose(1, 2).flatten(2))


def residual_layers(width, heads):
    mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))
    return [nn.Sequential(nn.LayerNorm(width), part) for part in (Attention(width, heads), mlp)]


class Denoiser(nn.Module):
    """Pre-norm transformer, every position sees every other; learned positions, head tied to the token table."""

    def __init__(self, length, width, layers, heads):
        super().__init__()
        self.token = nn.Embedding(VOCABULARY, width)
        self.position = nn.Parameter(torch.zeros(length, width))
        self.residuals = nn.ModuleList(part for _ in range(layers) for part in residual_layers(width, heads))
        self.norm = nn.LayerNorm(width)
        for name, p in self.named_parameters():
            if p.dim() == 2 and name != "position":
                nn.init.normal_(p, std=0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def forward(self, ids):
        h = self.token(ids) + self.position
        for residual in self.residuals:
            h = h + residual(h)
        return F.linear(self.norm(h), self.token.weight)


def noise(ids):
    """Hides each token with the probability of its row, 1e-3 + (1 - 1e-3) t, t uniform."""
    p = 1e-3 + (1 - 1e-3) * torch.rand(len(ids), 1)
    hidden = torch.rand(ids.shape) < p
    return ids.masked_fill(hidden, MASK), hidden / p


def time_network(options):
    length, width, layers, heads, rows, steps = CONFIGS[options.config]
    torch.manual_seed(0)
    network = Denoiser(length, width, layers, heads)
    optimizer = torch.optim.AdamW(network.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
    ids = torch.randint(MASK, (rows, length))

    @torch.no_grad()
    def forward():
        network(noise(ids)[0])

    def step():
        noisy, weight = noise(ids)
        losses = F.cross_entropy(network(noisy).flatten(0, 1), ids.flatten(), reduction="none")
        ((losses * weight.flatten()).sum() / ids.numel()).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)

    work = forward if options.what == "forward" else step
    start = time.perf_counter()
    while time.perf_counter() - start < options.warmup:
        work()
    seconds = [clock(work) for _ in range(options.steps or steps)]
    count, median = sum(p.numel() for p in network.parameters()), statistics.median(seconds)
    tokens = ids.numel()
    flop = 2 * (count - length * width) * tokens + 4 * layers * width * length * tokens
    flop *= 1 if options.what == "forward" else 3
    line("train" if options.what == "step" else "forward", options.config,
         f"{count} parameters, median {median * 1e3:.1f} ms, {tokens / median:.0f} tokens/s, "
         f"{flop / median / 1e9:.0f} GFLOP/s, {peak_resident()}, best {min(seconds) * 1e3:.1f} ms")


def clock(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


# ---- single operations


def rounds(work, warmup=0.25, length=0.03, count=9):
    """Median and best seconds of a call: rounds of 30 ms, or of one call if that is longer."""

    def one(seconds):
        start = end = time.perf_counter()
        calls = 0
        while end - start < seconds:
            work()
            calls += 1
            end = time.perf_counter()
        return (end - start) / calls

    one(warmup)
    seconds = [one(length) for _ in range(count)]
    return statistics.median(seconds), min(seconds)


def product(name):
    """`NT 48*64x64x32`: which operands are stored transposed, how many products, M x N x K."""
    form, sizes = name.split()
    count = int(sizes.split("*")[0]) if "*" in sizes else 0
    m, n, k = map(int, sizes.split("*")[-1].split("x"))

    def operand(stored, *shape):
        x = torch.rand(*([count] if count else []), *(shape[::-1] if stored == "T" else shape))
        return x.mT if stored == "T" else x

    a, b = operand(form[0], m, k), operand(form[1], k, n)
    c = torch.matmul(a, b)
    return lambda: torch.matmul(a, b, out=c)


def adam_w(count):
    p = nn.Parameter(torch.randn(count))
    p.grad = torch.randn(count)
    return torch.optim.AdamW([p], lr=1e-3, fused=True).step


def operation(name):
    """`gelu 768x512`, or `gelu+grad 768x512`: the gradient of sum(w y), with fixed w, by all inputs, and y."""
    kind, sizes = name.split()
    sizes = list(map(int, sizes.split("x")))
    kind, _, grad = kind.partition("+")
    if kind == "adam_w":
        return adam_w(*sizes)
    if kind == "conv":
        return gradient_or_result(grad, *convolution(*sizes))
    x = torch.randn(sizes) if kind not in ("embedding", "uniform", "normal") else torch.randn(VOCABULARY, sizes[1])
    row, ids = torch.randn(sizes[-1]), torch.randint(VOCABULARY, sizes[:1])
    inputs = [x]
    if kind in ("add_bias", "rms_norm"):
        inputs = [x, row]
    elif kind == "layer_norm":
        inputs = [x, row, torch.randn(sizes[-1])]
    elif kind == "group_norm":
        inputs = [x, torch.randn(sizes[1]), torch.randn(sizes[1])]
    elif kind == "attention":
        inputs = [x, torch.randn(sizes), torch.randn(sizes)]
    forward = {
        "softmax": lambda x: x.softmax(-1),
        "layer_norm": lambda x, w, b: F.layer_norm(x, w.shape, w, b, 1e-5),
        "rms_norm": lambda x, w: F.rms_norm(x, w.shape, w, 1e-5),
        "gelu": F.gelu,
        "silu": F.silu,
        "add_bias": lambda x, b: x + b,
        "copy": torch.clone,
        "transpose": lambda x: x.t().contiguous(),
        "sum": torch.sum,
        "sum_rows": lambda x: x.sum(0),
        "uniform": lambda _: torch.rand(sizes),
        "normal": lambda _: torch.randn(sizes),
        "embedding": lambda table: F.embedding(ids, table),
        "cross_entropy": lambda x: F.cross_entropy(x, ids, reduction="none"),
        "attention": F.scaled_dot_product_attention,
        "group_norm": lambda x, w, b: F.group_norm(x, 32, w, b, 1e-5),
        "upsample": lambda x: F.interpolate(x, scale_factor=2, mode="nearest"),
        "avg_pool": lambda x: F.avg_pool2d(x, 2),
    }[kind]
    return gradient_or_result(grad, forward, inputs)


def convolution(images, channels, height, width, out, kernel, stride=1):
    inputs = [torch.randn(images, channels, height, width), torch.randn(out, channels, kernel, kernel), torch.randn(out)]
    return lambda x, w, b: F.conv2d(x, w, b, stride=stride, padding=kernel // 2), inputs


def gradient_or_result(grad, forward, inputs):
    if not grad:
        return lambda: forward(*inputs)
    for x in inputs:
        x.requires_grad_()
    weights = torch.randn(forward(*inputs).shape)
    return lambda: torch.autograd.grad((forward(*inputs) * weights).sum(), inputs)


# ---- a decoder


def time_decoder(options):
    """LlamaForCausalLM of the shape of SmolLM2-135M: reading a prompt, then one token after another, the likeliest."""
    from transformers import DynamicCache, LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    network = LlamaForCausalLM(LlamaConfig(
        vocab_size=49152, hidden_size=576, intermediate_size=1536, num_hidden_layers=30, num_attention_heads=9,
        num_key_value_heads=3, max_position_embeddings=8192, rms_norm_eps=1e-5, rope_theta=1e5,
        tie_word_embeddings=True)).eval()
    prompt = torch.randint(49152, (1, options.prompt))

    @torch.inference_mode()
    def round():
        cache = DynamicCache()
        start = time.perf_counter()
        ids = network(prompt, past_key_values=cache, logits_to_keep=1).logits[:, -1].argmax(-1, keepdim=True)
        ids.item()
        first = time.perf_counter()
        for _ in range(options.tokens):
            ids = network(ids, past_key_values=cache).logits[:, -1].argmax(-1, keepdim=True)
            ids.item()
        return first - start, (time.perf_counter() - first) / options.tokens

    round()
    reading, writing = zip(*(round() for _ in range(options.rounds)))
    for name, seconds, tokens in [("prefill f32", reading, options.prompt), ("decode f32", writing, 1)]:
        median = statistics.median(seconds)
        line("decode", name, f"median {median * 1e3:.2f} ms, best {min(seconds) * 1e3:.2f} ms, "
             f"{tokens / median:.1f} tokens/s, {options.threads} threads")


def time_each(kind, names, make):
    for name in names:
        median, best = rounds(make(name))
        line(kind, name, f"median {median * 1e3:.4f} ms, best {best * 1e3:.4f} ms")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["step", "forward", "gemm", "ops", "decode"])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--config", default="cpu", choices=CONFIGS)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--warmup", type=float, default=3)
    parser.add_argument("--prompt", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_intermixed_args()
    torch.set_num_threads(options.threads)
    if options.what == "gemm":
        time_each("gemm", options.names, product)
    elif options.what == "decode":
        time_decoder(options)
    elif options.what == "ops":
        time_each("ops", options.names, operation)
    else:
        time_network(options)


main()
