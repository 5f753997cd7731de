"""PyTorch's side of gpu-check: the same work, one line each: name, tab, microseconds.

    python3 gpu_peer.py >peer.tsv
"""

import sys
import time

import torch
from torch.nn import functional as F

BUDGET = 0.2  # seconds for a round


def seconds(body):
    body()
    torch.cuda.synchronize()
    start = time.perf_counter()
    body()
    torch.cuda.synchronize()
    first = time.perf_counter() - start
    calls = max(1, min(10_000, int(BUDGET / max(first, 1e-7))))
    best = first
    for _ in range(3):
        start = time.perf_counter()
        for _ in range(calls):
            body()
        torch.cuda.synchronize()
        best = min(best, (time.perf_counter() - start) / calls)
    return best


def normal(dtype, *sizes):
    return torch.randn(*sizes, device="cuda").to(dtype)


def workloads():
    n = 1 << 26
    x, y = normal(torch.float32, n), normal(torch.float32, n)
    half = x.bfloat16()
    yield "copy f32", x.clone
    yield "add f32", lambda: x + y
    yield "add bf16", lambda: half + half
    yield "gelu bf16", lambda: F.gelu(half)
    yield "cast f32 bf16", x.bfloat16
    yield "sum f32", x.sum
    yield "normal f32", lambda: torch.randn(n, device="cuda")
    square = normal(torch.float32, 8192, 8192)
    yield "transpose f32", lambda: square.T.contiguous()

    rows, width, words = 16_384, 1024, 50_304
    x, weight, table = normal(torch.bfloat16, rows, width), normal(torch.bfloat16, width), normal(torch.bfloat16, words, width)
    ids = torch.randint(words, (rows,), device="cuda")
    logits, targets = normal(torch.bfloat16, rows // 8, words), ids[: rows // 8]
    yield "softmax bf16", lambda: x.softmax(-1)
    yield "layer norm bf16", lambda: F.layer_norm(x, (width,), weight, weight)
    yield "rms norm bf16", lambda: F.rms_norm(x, (width,), weight)
    yield "embedding bf16", lambda: F.embedding(ids, table)
    yield "cross entropy bf16", lambda: F.cross_entropy(logits, targets)

    y = x.softmax(-1)
    yield "softmax gradient bf16", lambda: torch.ops.aten._softmax_backward_data(x, y, -1, torch.bfloat16)
    _, mean, rstd = torch.native_layer_norm(x, (width,), weight, weight, 1e-5)
    yield "layer norm gradient bf16", lambda: torch.ops.aten.native_layer_norm_backward(
        x, x, (width,), mean, rstd, weight, weight, (True, True, True))
    with torch.inference_mode(False):
        leaf = logits.clone().requires_grad_()
        loss = F.cross_entropy(leaf, targets.clone())
    yield "cross entropy gradient bf16", lambda: torch.autograd.grad(loss, leaf, retain_graph=True)
    yield "embedding gradient bf16", lambda: torch.ops.aten.embedding_dense_backward(x, ids, words, -1, False)

    z = normal(torch.float32, 64, words)
    yield "sort f32", lambda: z.sort(stable=True)
    yield "top 50 f32", lambda: z.topk(50)
    yield "running sum f32", lambda: z.cumsum(-1)

    for dtype, name, side in ((torch.bfloat16, "bf16", 8192), (torch.float32, "f32", 4096)):
        a, b = normal(dtype, side, side), normal(dtype, side, side)
        yield f"matmul {name} {side}", lambda a=a, b=b: a @ b
    x, up, bias = normal(torch.bfloat16, 32_768, 768), normal(torch.bfloat16, 3072, 768), normal(torch.bfloat16, 3072)
    yield "linear bf16 32768x768x3072", lambda: F.linear(x, up, bias)

    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float32, "f32")):
        x, w, scales = normal(dtype, 64, 256, 32, 32), normal(dtype, 256, 256, 3, 3), normal(dtype, 256)

        def gradient(by_x, by_w, x=x, w=w):
            return torch.ops.aten.convolution_backward(
                x, x, w, None, (1, 1), (1, 1), (1, 1), False, (0, 0), 1, (by_x, by_w, False))

        yield f"conv 3x3 {name}", lambda x=x, w=w: F.conv2d(x, w, padding=1)
        yield f"conv 3x3 gradient by x {name}", lambda g=gradient: g(True, False)
        yield f"conv 3x3 gradient by w {name}", lambda g=gradient: g(False, True)
        yield f"group norm {name}", lambda x=x, s=scales: F.group_norm(x, 4, s, s)

    for dtype, name in ((torch.bfloat16, "bf16"), (torch.float32, "f32")):
        q = normal(dtype, 32, 12, 1024, 64)
        yield f"attention causal {name}", lambda q=q: F.scaled_dot_product_attention(q, q, q, is_causal=True)
        yield f"attention full {name}", lambda q=q: F.scaled_dot_product_attention(q, q, q)


if __name__ == "__main__":
    print(f"torch {torch.__version__} on {torch.cuda.get_device_name()}", file=sys.stderr)
    with torch.inference_mode():
        for name, body in workloads():
            print(f"{name}\t{seconds(body) * 1e6:.2f}", flush=True)
