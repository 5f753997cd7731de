"""How NumPy prints arrays: printing.txt. Run beside it; written with numpy 2.4.6.

Each case is a line `dtype;sizes;elements` (floating ones in hexadecimal), the text of
numpy.array2string(x, precision=4, separator=", "), and a line of dashes.
"""
import numpy as np

rng = np.random.default_rng(7)
nan, inf = np.nan, np.inf
cases = []


def case(x, dtype="f4"):
    cases.append(np.asarray(x, dtype=dtype))


for dtype in ("f4", "f8", "f2"):
    for x in ([1, 2, 3], [1.5, -2, 0.25], [0.1, 0.2, 0.3], [-0.0, 0.0], [1e-3, 1], [1e-3, 1.001], [0.12345, 12.5],
              [999, 1000], [123.456, 1000.5], [nan, 1, inf], [nan, 1.5, -inf], [nan, nan], [inf, -inf], [1e-5, 1],
              [1e-5, 0], [2048, 0], [1 / 3, 2 / 3], [0.00005, 0.5], [nan, 1e-6, -3], [100, 0.05]):
        case(x, dtype)
    case(3.14159265, dtype)
    case(-2, dtype)
    case(nan, dtype)
    case(np.arange(6).reshape(2, 3), dtype)
    case(np.arange(24).reshape(2, 3, 4) / 8, dtype)
    case(np.arange(40), dtype)
    case(np.arange(40) / 7, dtype)
case([1e6, 1], "f4")
case([999999, 1000], "f4")
case([1e8, 1e7], "f8")
case([99999999, 1e6], "f8")
case([1e-300, 1e300], "f8")
case([1e10, -2.5e-7, 0], "f4")
case([1e10, 2e10], "f4")
case([5e-324, 1], "f8")
case([3.4028235e38, 1.1754944e-38], "f4")
for i in range(60):
    shape = tuple(rng.integers(1, 6, size=rng.integers(0, 4)))
    case(rng.normal(size=shape) * 10.0 ** rng.integers(-6, 9), rng.choice(["f4", "f8"]))
    case(np.exp(rng.normal(size=shape) * rng.integers(1, 4)), rng.choice(["f4", "f8"]))
    case(rng.integers(-10 ** int(rng.integers(1, 10)), 10 ** int(rng.integers(1, 10)), size=shape),
         rng.choice(["i8", "i4"]))
    case(rng.random(shape) < 0.5, "?")
case([True, True], "?")
case(True, "?")
case([2 ** 63 - 1, -2 ** 63, 0], "i8")
case([2 ** 53 + 1, 5], "i8")
for shape in ((1001,), (1000,), (40, 40), (3, 400), (400, 3), (7, 11, 13), (2, 2, 2, 200), (12, 6, 16)):
    case(np.arange(np.prod(shape)).reshape(shape), "i8")
    case(np.arange(np.prod(shape)).reshape(shape) / 16, "f4")

with open("printing.txt", "w") as f:
    for x in cases:
        name = {"f2": "f16", "f4": "f32", "f8": "f64", "i4": "i32", "i8": "i64", "b1": "bool"}[x.dtype.str[1:]]
        flat = x.ravel()
        iota = x.size > 100
        cells = ["iota" if x.dtype.kind == "i" else "iota/16"] if iota else [
            float(v).hex() if x.dtype.kind == "f" else str(int(v)) for v in flat]
        f.write(name + ";" + ",".join(map(str, x.shape)) + ";" + ",".join(cells) + "\n")
        f.write(np.array2string(x, precision=4, separator=", ") + "\n----\n")
