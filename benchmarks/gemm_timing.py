"""PyTorch's side of GemmTiming: the same products, 10^9 flop/s, the median and the best of seven rounds of 0.1 s."""

import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]) if len(sys.argv) > 1 else 2)


def nanos(call):
    start, calls = time.perf_counter_ns(), 0
    while time.perf_counter_ns() - start < 100_000_000:
        call()
        calls += 1
    return (time.perf_counter_ns() - start) / calls


def time_product(count, m, n, k, ta, tb, dtype=torch.float32):
    a = torch.rand(count, k, m, dtype=dtype).mT if ta else torch.rand(count, m, k, dtype=dtype)
    b = torch.rand(count, n, k, dtype=dtype).mT if tb else torch.rand(count, k, n, dtype=dtype)
    c = torch.empty(count, m, n, dtype=dtype)
    if count == 1:
        a, b, c = a[0], b[0], c[0]
    product = torch.mm if count == 1 else torch.bmm
    for _ in range(3):
        nanos(lambda: product(a, b, out=c))
    rounds = sorted(nanos(lambda: product(a, b, out=c)) for _ in range(7))
    flop = 2 * count * m * n * k
    kind = "f32" if dtype == torch.float32 else "f64"
    print(f"{kind} {count}*{m}x{n}x{k} {'NT'[ta]}{'NT'[tb]} {flop / rounds[3]:8.1f} best {flop / rounds[0]:8.1f} GFLOP/s "
          f"{rounds[3] / 1000:9.1f} us", flush=True)


for shape in [(1, 1024, 1024, 1024), (1, 768, 384, 128), (1, 768, 128, 512), (1, 768, 512, 128)]:
    for layout in range(4):
        time_product(*shape, layout & 1, layout >> 1)
time_product(1, 128, 384, 768, 1, 0)
for shape in [(1, 768, 66, 128), (1, 66, 128, 128), (1, 1, 384, 128), (1, 1, 1024, 1024), (1, 8, 1024, 1024),
              (1, 256, 1, 256), (1, 16, 16, 16), (48, 64, 64, 32), (48, 64, 32, 64)]:
    time_product(*shape, 0, 0)
    time_product(*shape, 0, 1)
time_product(1, 512, 512, 512, 0, 0, torch.float64)
