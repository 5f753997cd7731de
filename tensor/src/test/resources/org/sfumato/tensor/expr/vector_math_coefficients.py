"""Prints the polynomial coefficients of VectorMath and VectorMath64: minimax fits by the exchange algorithm of Remez.

Each polynomial p minimises max |w(t) (p(t) - g(t))| over [a, b] and is printed lowest power first, with the error reached.
Needs mpmath (any version).
"""
from mpmath import mp, mpf, matrix, lu_solve, polyval, findroot, exp, expm1, log, log1p, erf, erfc, sin, cos, sqrt, pi, cos as mcos
import struct

mp.dps = 60


def remez(g, w, a, b, degree, rounds=12, grid=1500):
    a, b = mpf(a), mpf(b)
    n = degree + 2
    ts = [(a + b) / 2 - (b - a) / 2 * mcos(pi * i / (n - 1)) for i in range(n)]
    points = [(a + b) / 2 - (b - a) / 2 * mcos(pi * (i + mpf(1) / 2) / grid) for i in range(grid)]
    gs, ws = [g(t) for t in points], [w(t) for t in points]
    for _ in range(rounds):
        rows = matrix(n, n)
        right = matrix(n, 1)
        for i, t in enumerate(ts):
            for k in range(degree + 1):
                rows[i, k] = t ** k
            rows[i, degree + 1] = (-1) ** i / w(t)
            right[i] = g(t)
        c = lu_solve(rows, right)
        p = [c[k] for k in range(degree + 1)]
        errors = [ws[i] * (polyval(p[::-1], t) - gs[i]) for i, t in enumerate(points)]
        extremes, start = [], 0                      # the largest error of each run of equal sign
        for i in range(1, grid + 1):
            if i == grid or (errors[i] > 0) != (errors[start] > 0):
                extremes.append(max(range(start, i), key=lambda k: abs(errors[k])))
                start = i
        while len(extremes) > n:
            extremes.pop(0 if abs(errors[extremes[0]]) < abs(errors[extremes[-1]]) else -1)
        if len(extremes) < n:
            break
        ts = [points[i] for i in extremes]
        if max(map(abs, errors)) < abs(c[degree + 1]) * mpf('1.001'):
            break
    return p, max(map(abs, errors))


def show(name, g, w, a, b, degree, single):
    p, error = remez(g, w, a, b, degree)
    print(f"{name}: degree {degree}, error {mp.nstr(error, 3)}")
    for c in p:
        value = struct.unpack('f', struct.pack('f', float(c)))[0] if single else float(c)
        print("   ", mp.nstr(mpf(value), 9 if single else 17) + ("f" if single else ""))


def parts(name, value, bits, count):
    """Splits value into count numbers of the given precision."""
    rest = value
    for i in range(count):
        head = struct.unpack('f', struct.pack('f', float(rest)))[0] if bits == 24 else float(rest)
        print(f"{name}[{i}] = {float(head).hex()} = {mp.nstr(mpf(head), 9 if bits == 24 else 17)}")
        rest -= mpf(head)


half_ln2 = log(2) / 2 * mpf('1.0001')
root = sqrt(mpf(2))
quarter_pi = pi / 4 * mpf('1.0001')
tiny = mpf('1e-9')
eps = mpf(10) ** -25


def exp_tail(r):        # (e^r - 1 - r) / r^2, by its series near 0
    return (expm1(r) - r) / r ** 2 if abs(r) > eps else mpf(1) / 2


def log_tail(f):        # (log(1 + f) - f + f^2/2) / f^3
    return (log1p(f) - f + f * f / 2) / f ** 3 if abs(f) > mpf(10) ** -12 else mpf(1) / 3 - f / 4


def atanh_tail(z):      # (log((1+s)/(1-s)) - 2s) / s^3 where z = s^2
    s = sqrt(z)
    return (log1p(s) - log1p(-s) - 2 * s) / s ** 3 if s > mpf(10) ** -12 else mpf(2) / 3


def erf_tail(z):        # erf(x)/x - 1 where z = x^2
    x = sqrt(z)
    return erf(x) / x - 1 if x > eps else 2 / sqrt(pi) - 1


def sin_tail(z):        # (sin(r) - r) / r^3 where z = r^2
    r = sqrt(z)
    return (sin(r) - r) / r ** 3 if r > mpf(10) ** -12 else -mpf(1) / 6


def cos_tail(z):        # (cos(r) - 1 + r^2/2) / r^4
    return (cos(sqrt(z)) - 1 + z / 2) / z ** 2 if z > mpf(10) ** -12 else mpf(1) / 24


def relative(f):
    return lambda t: 1 / f(t)


if __name__ == "__main__":
    one = lambda t: mpf(1)
    show("exp f32", exp_tail, lambda r: r * r + tiny, -half_ln2, half_ln2, 4, True)
    show("log f32", log_tail, lambda f: f * f + tiny, 1 / root - 1, root - 1, 6, True)
    show("log f32", log_tail, lambda f: f * f + tiny, 1 / root - 1, root - 1, 7, True)
    show("erf near f32", erf_tail, one, 0, mpf(1) * mpf('1.0001'), 5, True)
    show("erf near f32", erf_tail, one, 0, mpf(1) * mpf('1.0001'), 6, True)
    for d in (12,):
        show("erf far f32, in |x| - 2.4", lambda t: erfc(t + mpf('2.4')), one, mpf('0.999') - mpf('2.4'), mpf('3.95') - mpf('2.4'), d, True)
    show("sin f32", sin_tail, lambda z: z, tiny, quarter_pi ** 2, 2, True)
    show("sin f32", sin_tail, lambda z: z, tiny, quarter_pi ** 2, 3, True)
    show("cos f32", cos_tail, lambda z: z * z, tiny, quarter_pi ** 2, 2, True)
    show("cos f32", cos_tail, lambda z: z * z, tiny, quarter_pi ** 2, 1, True)
    show("exp f64", exp_tail, lambda r: r * r + tiny, -half_ln2, half_ln2, 9, False)
    show("exp f64", exp_tail, lambda r: r * r + tiny, -half_ln2, half_ln2, 10, False)
    s = (root - 1) / (root + 1)
    show("log f64, in s^2", atanh_tail, lambda z: z, tiny, s * s, 6, False)
    show("erf near f64", erf_tail, one, 0, mpf('0.7') ** 2, 9, False)
    show("erf near f64", erf_tail, one, 0, mpf('1') ** 2, 11, False)
    for d in (16,):
        # e^(x^2) erfc(x) as a polynomial in u = (x - 2)/(x + 2); x from 0.7 or 1 to 6
        x_of = lambda u: 2 * (1 + u) / (1 - u)
        u_of = lambda x: (mpf(x) - 2) / (mpf(x) + 2)
        show("erf far f64", lambda u: exp(x_of(u) ** 2) * erfc(x_of(u)), lambda u: exp(-x_of(u) ** 2), u_of('0.999'), u_of(6), d, False)
    show("sin f64", sin_tail, lambda z: z, tiny, quarter_pi ** 2, 5, False)
    show("cos f64", cos_tail, lambda z: z * z, tiny, quarter_pi ** 2, 5, False)
    parts("ln 2, f32", log(2), 24, 2)
    parts("ln 2, f64", log(2), 53, 2)
    parts("pi / 2, f32", pi / 2, 24, 3)
    parts("pi / 2, f64", pi / 2, 53, 3)
    parts("2 / sqrt(pi) - 1, f64", 2 / sqrt(pi) - 1, 53, 2)
