"""Values and gradients of tensor operations by PyTorch, for OpGoldenTest and OpGoldenGradientTest.

Run with PyTorch (CPU) and safetensors installed, from any directory:  python make_ops_golden.py
Writes ../resources/golden/ops.safetensors. Inputs are f32; PyTorch computes in float64; results are stored rounded to f32. Cases of
whole numbers, truth values and casts are computed and stored in their own types.
"""
import json
import math
import os

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

torch.manual_seed(20261122)
INF, NAN = math.inf, math.nan
TENSORS, SEEN, CASES = {}, {}, []
EDGES = torch.tensor([88, -88, 1e4, -1e4, -0.0, 0.0, NAN, INF, -INF, 1, -1, .5, -.5, 1.5, 2.5, -2.5, 1e-3, -1e-6, 20, -20.])


def store(t):
    t = t.detach().contiguous()
    key = (str(t.dtype), tuple(t.shape), t.flatten().view(torch.uint8).numpy().tobytes() if t.numel() else b'')
    if key not in SEEN:
        SEEN[key] = 't%d' % len(SEEN)
        TENSORS[SEEN[key]] = t.clone()
    return SEEN[key]


def case(op, fn, *inputs, grad=True, exact=False, tolerance=1e-5, **args):
    """Records fn(inputs) and the gradients of sum(outputs * weights) by the floating inputs."""
    leaves = [t.double().requires_grad_(grad) if t.is_floating_point() and not exact else t for t in inputs]
    out = fn(*leaves)
    out = [out] if isinstance(out, torch.Tensor) else list(out)
    entry = {'op': op, 'args': args, 'in': [store(t) for t in inputs]}
    single = [t.float() if t.is_floating_point() and not exact else t for t in out]
    entry['out'] = [store(t) for t in single]
    entry['tolerance'] = 0 if exact else tolerance
    differentiable = [t for t in out if t.is_floating_point() and t.requires_grad]
    if grad and not exact and differentiable:
        weights = [torch.randn(t.shape) if t.is_floating_point() and t.requires_grad else None for t in out]
        loss = sum((t * w.double()).sum() for t, w in zip(out, weights) if w is not None)
        wanted = [t for t in leaves if t.requires_grad]
        found = iter(torch.autograd.grad(loss, wanted, allow_unused=True))
        gradients = [next(found) if t.requires_grad else None for t in leaves]
        entry['weights'] = [None if w is None else store(w) for w in weights]
        entry['gradients'] = [None if g is None else store(g.float()) for g in gradients]
    CASES.append(entry)


def normal(*sizes):
    return torch.randn(sizes)


def ties(*sizes):
    return torch.randint(-4, 5, sizes) / 2


def pointwise():
    unary = {'neg': torch.neg, 'abs': torch.abs, 'sign': torch.sign, 'square': torch.square, 'reciprocal': torch.reciprocal,
             'exp': torch.exp, 'expm1': torch.expm1, 'log': torch.log, 'log1p': torch.log1p, 'sqrt': torch.sqrt, 'rsqrt': torch.rsqrt,
             'sin': torch.sin, 'cos': torch.cos, 'tanh': torch.tanh, 'erf': torch.erf, 'floor': torch.floor, 'round': torch.round,
             'relu': F.relu, 'gelu': F.gelu, 'geluTanh': lambda x: F.gelu(x, approximate='tanh'), 'silu': F.silu,
             'sigmoid': torch.sigmoid, 'softplus': F.softplus}
    inputs = [normal(), normal(1), normal(7), 3 * normal(207), normal(3, 1, 5), EDGES]
    for name, fn in unary.items():
        sloped = name not in ('sign', 'floor', 'round')             # PyTorch returns zeros, Sfumato says that there is no gradient
        gated = name in ('gelu', 'geluTanh', 'silu')                # at the infinities PyTorch returns NaN, Sfumato the limits
        for x in inputs + [normal(0, 3)]:
            case(name, fn, x[~x.isinf()] if gated and x is EDGES else x, grad=sloped)
    for e in (-4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 6, -5, .5, -.5, 2.5, .25, -1.5):
        for x in (normal(13), torch.tensor([0., 1, -1, 2, -2, 30, -30, NAN])):
            case('pow', lambda x: torch.pow(x, e), x, grad=e != 0, exponent=e)
    case('clamp', lambda x: torch.clamp(x, -.7, .9), normal(207), low=-.7, high=.9)
    case('clamp', lambda x: torch.clamp(x, -3.25, 100), EDGES, low=-3.25, high=100)
    binary = {'add': torch.add, 'sub': torch.sub, 'mul': torch.mul, 'div': torch.div, 'maximum': torch.maximum,
              'minimum': torch.minimum, 'lt': torch.lt, 'le': torch.le, 'gt': torch.gt, 'ge': torch.ge, 'eq': torch.eq,
              'ne': torch.ne}
    n = len(EDGES)
    numbers = EDGES[~EDGES.isnan()]
    pairs = [(normal(), normal(13)), (ties(207), ties(207)), (ties(7, 13), ties(13)), (ties(3, 1, 5), ties(7, 1)),
             (normal(1), normal(2, 0)), (EDGES.repeat(n), EDGES.repeat_interleave(n))]
    for name, fn in binary.items():
        for a, b in pairs:
            extremum = name in ('maximum', 'minimum')               # with a NaN, PyTorch gives the gradient to both operands
            case(name, fn, a, b, grad=not (extremum and a.isnan().any()))
        case(name, fn, numbers.repeat(n - 1), numbers.repeat_interleave(n - 1))
    p, q = torch.rand(3, 7) < .5, torch.rand(7) < .5
    case('and', torch.logical_and, p, q)
    case('or', torch.logical_or, p, q)
    case('not', torch.logical_not, p)
    case('isNan', torch.isnan, EDGES)
    case('where', torch.where, p, normal(3, 7), normal(7))
    case('where', torch.where, p, normal(2, 1, 7), normal(1))
    case('where', torch.where, torch.isnan(EDGES), torch.zeros(()), EDGES)
    case('maskedFill', lambda m, x: x.masked_fill(m, -INF), q, normal(3, 7), value=-1e30 * 1e30)
    case('maskedFill', lambda m, x: x.masked_fill(m, .25), p, normal(3, 7), value=.25)


def reductions():
    x, big, odd = normal(3, 7, 5), normal(13, 207), torch.rand(3, 7, 5) + .5
    zeros = normal(4, 5) * (torch.rand(4, 5) < .7)
    zeros[0, :2] = 0
    fns = {'sum': torch.sum, 'mean': torch.mean, 'max': torch.amax, 'min': torch.amin, 'logSumExp': torch.logsumexp}
    for name, fn in fns.items():
        for t, axes in ((x, [0]), (x, [1]), (x, [2]), (x, [0, 2]), (x, [0, 1, 2]), (big, [1]), (big, [0]), (ties(4, 7), [1])):
            for keep in (False, True):
                case(name, lambda t: fn(t, dim=axes, keepdim=keep), t, axes=axes, keep=keep)
        rows = torch.tensor([[88., -88, 0], [1e4, 9999, -1e4], [INF, 0, 1], [-INF, 0, 1], [NAN, 0, 1]])
        case(name, lambda t: fn(t, dim=[1]), rows, axes=[1], keep=False)
    case('logSumExp', lambda t: torch.logsumexp(t, dim=[1]), torch.full((2, 3), -INF), grad=False, axes=[1], keep=False)
    for axes in ([0], [1], [0, 1]):
        for correction in (0, 1):
            case('var', lambda t: torch.var(t, dim=axes, correction=correction), big, axes=axes, correction=correction, keep=False)
    for t in (odd, zeros):
        for axis in (0, 1):
            case('prod', lambda t: torch.prod(t, dim=axis), t, axes=[axis], keep=False)
    case('prod', lambda t: torch.prod(t), odd.flatten()[:9], axes=[0], keep=False)
    case('prod', lambda t: torch.prod(t), zeros.flatten(), axes=[0], keep=False)
    for t in (x, zeros):
        for axis in range(t.dim()):
            for reverse in (False, True):
                flip = (lambda t: t.flip(axis)) if reverse else (lambda t: t)
                case('cumsum', lambda t: flip(flip(t).cumsum(axis)), t, axis=axis, reverse=reverse)
                case('cumprod', lambda t: flip(flip(t).cumprod(axis)), t, axis=axis, reverse=reverse)
    case('cumsum', lambda t: t.cumsum(1), big, axis=1, reverse=False)
    for axis in (0, 1):
        case('argmax', lambda t: t.argmax(axis), big, axis=axis)
        case('argmin', lambda t: t.argmin(axis), big, axis=axis)
    case('argmax', lambda t: t.argmax(1), torch.tensor([[1, NAN, 3, NAN], [0, 2, 2, -INF]]), axis=1)
    for descending in (False, True):
        for t, axis in ((x, 1), (ties(207), 0), (torch.tensor([1, NAN, -0.0, 0, 3, NAN, -INF, 0, -0.0, INF]), 0)):
            case('sort', lambda t: torch.sort(t, dim=axis, descending=descending, stable=True), t, axis=axis, descending=descending)
    for k in (1, 3, 7):
        case('topK', lambda t: torch.topk(t, k, dim=1), x, axis=1, k=k)
    case('topK', lambda t: torch.topk(t, 40, dim=1), big, axis=1, k=40)
    p = torch.rand(3, 7) < .3
    case('any', lambda t: torch.any(t, dim=1), p, axes=[1])
    case('all', lambda t: torch.all(t, dim=0), p, axes=[0])


def indexing():
    x = normal(3, 7, 5)
    for axis, size in ((0, 3), (1, 7), (2, 5)):
        index = torch.randint(0, size, [9 if i == axis else n for i, n in enumerate(x.shape)])
        case('gather', lambda x, i: torch.gather(x, axis, i), x, index, axis=axis)
        case('scatterAdd', lambda x, i, s: torch.scatter_add(x, axis, i, s), x, index, normal(*index.shape), axis=axis)
        case('indexSelect', lambda x, i: torch.index_select(x, axis, i), x, torch.randint(0, size, (11,)), axis=axis)
    case('embedding', lambda w, i: F.embedding(i, w), normal(13, 8), torch.randint(0, 13, (2, 7)))
    case('embedding', lambda w, i: F.embedding(i, w), normal(13, 1), torch.full((5,), 12))
    case('oneHot', lambda i: F.one_hot(i, 5).bool(), torch.randint(0, 5, (2, 7)), classes=5)
    for d in (-3, -1, 0, 2):
        case('tril', lambda x: torch.tril(x, d), x, diagonal=d)
        case('triu', lambda x: torch.triu(x, d), x, diagonal=d)
    case('concat', lambda *t: torch.cat(t, 1), normal(3, 7, 5), normal(3, 0, 5), normal(3, 2, 5), axis=1)
    case('concat', lambda *t: torch.cat(t, -1), normal(7), normal(13), axis=-1)
    case('stack', lambda *t: torch.stack(t, 1), normal(3, 7), normal(3, 7), axis=1)
    case('split', lambda x: torch.split(x, [2, 0, 5], 1), x, axis=1, sizes=[2, 0, 5])
    case('slice', lambda x: x[:, 1:7:3], x, axis=1, start=1, end=7, step=3)
    case('slice', lambda x: x[..., -4:-1], x, axis=2, start=-4, end=-1, step=1)
    case('slice', lambda x: x[:, 1:6:2].flip(1), x, axis=1, start=5, end=0, step=-2)
    case('slice', lambda x: x[5:2], normal(7), axis=0, start=5, end=2, step=1)
    case('permuteFlatten', lambda x: x.permute(2, 0, 1).reshape(5, 21).square(), x, axes=[2, 0, 1], sizes=[5, 21])
    case('expandMul', lambda x, y: x.expand(4, 3, 7) * y, normal(3, 1), normal(4, 3, 7), sizes=[4, 3, 7])
    case('selectFlip', lambda x: x.select(1, 3).flip(0), x, axis=1, index=3)


def products():
    for a, b in (((7, 13), (13, 5)), ((1, 207), (207, 3)), ((2, 3, 7, 5), (3, 5, 4)), ((1, 7, 5), (4, 5, 3)), ((5, 1, 3), (3, 7)),
                 ((2, 0), (0, 3)), ((7,), (7,)), ((7,), (7, 3)), ((2, 3, 7), (7,))):
        case('matmul', torch.matmul, normal(*a), normal(*b))
    case('matmulTransposed', lambda a, b: a.mT @ b.mT, normal(13, 7), normal(5, 13))
    case('matmulTransposed', lambda a, b: a.mT @ b.mT, normal(2, 13, 7), normal(1, 5, 13))
    for x in (normal(7, 13), normal(2, 3, 13), normal(13)):
        case('linear', F.linear, x, normal(5, 13))
        case('linear', F.linear, x, normal(5, 13), normal(5))
    for equation, shapes in (('ij,jk->ik', ((3, 5), (5, 4))), ('bhtd,bhsd->bhts', ((2, 3, 4, 5), (2, 3, 7, 5))),
                             ('bij,bjk->ik', ((2, 3, 4), (2, 4, 5))), ('i,j->ij', ((7,), (3,))), ('ij->ji', ((3, 5),)),
                             ('ijk->j', ((3, 5, 2),)), ('ij,ij->', ((3, 5), (3, 5))), ('bi,ijk,bk->bj', ((2, 3), (3, 4, 5), (2, 5))),
                             ('ab,bc', ((3, 4), (4, 2)))):
        case('einsum', lambda *t: torch.einsum(equation, *t), *[normal(*s) for s in shapes], equation=equation)


def networks():
    edges = torch.tensor([[88, -88, 0], [1e4, -1e4, 9999], [-INF, 0, 1], [1, 1, 1]])
    for name, fn in (('softmax', F.softmax), ('logSoftmax', F.log_softmax)):
        for x, axis in ((normal(7), 0), (normal(1), 0), (normal(3, 7, 5), 1), (normal(3, 7, 5), -1), (3 * normal(4, 207), 1), (edges, 1)):
            case(name, lambda x: fn(x, axis), x, axis=axis)
    x, t, w = 3 * normal(5, 207), torch.randint(0, 207, (5,)), torch.rand(207) + .1
    ignoring = t.clone()
    ignoring[1::2] = -100
    loss = lambda x, t, w=None, ignore=-100: F.cross_entropy(x, t, weight=w, ignore_index=ignore, reduction='none')
    case('crossEntropy', loss, x, t, ignore=-100)
    case('crossEntropy', loss, x, ignoring, ignore=-100)
    case('crossEntropy', lambda x, t: loss(x, t, ignore=2), normal(3, 4), torch.tensor([2, 0, 2]), ignore=2)
    # the gradient reads the log-sum-exp, which in f32 is 1e-3 coarse at 1e4
    case('crossEntropy', lambda x, t: loss(x, t), edges, torch.tensor([0, 2, 1, 2]), tolerance=1e-3, ignore=-100)
    case('crossEntropyWeighted', lambda x, t, w: loss(x, t, w.detach()), x, ignoring, w, ignore=-100)
    for size in ((7,), (3, 13), (2, 3, 64), (1, 207), (5, 1)):
        d = size[-1]
        x, w, b = normal(*size) + .5, normal(d), normal(d)
        case('layerNorm', lambda x, w, b: F.layer_norm(x, (d,), w, b, 1e-5), x, w, b, eps=1e-5)
        case('rmsNorm', lambda x, w: F.rms_norm(x, (d,), w, 1e-6), x, w, eps=1e-6)
    for b, h, g, t, s, d, e in ((1, 1, 1, 1, 1, 2, 2), (2, 4, 2, 7, 7, 8, 8), (1, 3, 1, 13, 29, 5, 6), (2, 2, 2, 5, 9, 16, 16)):
        q, k, v = normal(b, h, t, d), normal(b, g, s, d), normal(b, g, s, e)
        attend = lambda q, k, v, m=None, c=False: F.scaled_dot_product_attention(q, k, v, m, is_causal=c, enable_gqa=True)
        causal = torch.ones(t, s, dtype=torch.bool).tril(s - t)
        seen = torch.rand(t, s) < .5
        seen[:, 0] |= ~seen.any(1)
        bias = normal(b, h, t, s)
        case('attention', attend, q, k, v, causal=False)
        case('attention', (lambda q, k, v: attend(q, k, v, c=True)) if t == s else (lambda q, k, v: attend(q, k, v, causal)), q, k, v,
             causal=True)
        case('attention', attend, q, k, v, seen, causal=False)
        case('attention', attend, q, k, v, seen[:1].expand(b, 1, 1, s), causal=False)
        case('attention', attend, q, k, v, bias, causal=False)
        case('attention', lambda q, k, v, m: attend(q, k, v, m.masked_fill(~causal, -INF)), q, k, v, bias, causal=True)
        blind = seen.clone()
        blind[0] = False
        case('attention', lambda q, k, v, m: torch.where(m.any(1, keepdim=True), attend(q, k, v, m | ~m.any(1, keepdim=True)), 0.), q, k, v,
             blind, causal=False)
    for size in ((7, 4), (2, 3, 13, 6)):
        t, half = size[-2], size[-1] // 2
        angle = torch.arange(t)[:, None] * 10000 ** (-torch.arange(half) / half)
        turn = lambda x, c, s: torch.cat([x[..., :half] * c - x[..., half:] * s, x[..., half:] * c + x[..., :half] * s], -1)
        case('rotary', turn, normal(*size), angle.cos().float(), angle.sin().float())


def types():
    """Results in their own types."""
    kinds = {'f32': torch.float32, 'f64': torch.float64, 'bf16': torch.bfloat16, 'f16': torch.float16, 'i64': torch.int64,
             'i32': torch.int32, 'bool': torch.bool}
    names = {v: k for k, v in kinds.items()}
    table = {a: {b: names[torch.promote_types(kinds[a], kinds[b])] for b in kinds} for a in kinds}
    short = torch.randint(-2 ** 15, 2 ** 15 - 1, (400,), dtype=torch.int16)
    for name, smallest in (('bf16', 2 ** -133), ('f16', 2 ** -24)):
        low, high = short.view(kinds[name]).float(), (short + 1).view(kinds[name]).float()
        fine = low.isfinite() & high.isfinite() & (short != -1) & (short != -2 ** 15)
        tie = ((low.double() + high.double()) / 2).float()[fine]
        up, down = torch.nextafter(tie, torch.tensor(INF)), torch.nextafter(tie, torch.tensor(-INF))
        edge = torch.tensor([0, -0.0, INF, -INF, NAN, 65504, 65519.996, 65520, -65520, 3.38e38, 3.4e38, smallest, smallest / 2,
                             smallest * .5000001, smallest * 1.5, -smallest / 2, 1e-45, 2 ** -14, 2 ** -126])
        case('cast', lambda x: x.to(kinds[name]), torch.cat([low, tie, up, down, edge]), exact=True, to=name)
        case('cast', lambda x: x.float(), short.view(kinds[name]), exact=True, to='f32')
        case('cast', lambda x: x.double(), short.view(kinds[name]), exact=True, to='f64')
    x = torch.tensor([0, -0.0, .5, -.5, 1.5, 2.5, -2.5, 2e9, -2e9, 16777217, .1, NAN], dtype=torch.float64)
    for name in ('f32', 'bool'):
        case('cast', lambda x: x.to(kinds[name]), x, exact=True, to=name)
    for name in ('i64', 'i32'):
        case('cast', lambda x: x.to(kinds[name]), x[:-1], exact=True, to=name)
    whole = torch.tensor([0, 1, -1, 7, 2 ** 31 - 1, -2 ** 31, 2 ** 53 + 1, 2 ** 62, 16777217, 33554435])
    for name in ('f32', 'f64', 'i32', 'bool'):
        case('cast', lambda x: x.to(kinds[name]), whole, exact=True, to=name)
    i32, flags = torch.randint(-9, 9, (3, 7), dtype=torch.int32), torch.rand(3, 7) < .5
    for t in (i32, flags, whole[:4]):
        case('sum', lambda t: t.sum(dim=0), t, exact=True, axes=[0], keep=False)
        case('prod', lambda t: t.prod(dim=0), t, exact=True, axes=[0], keep=False)
        case('cumsum', lambda t: t.cumsum(0), t, exact=True, axis=0, reverse=False)
    for name, fn in (('add', torch.add), ('mul', torch.mul), ('maximum', torch.maximum), ('lt', torch.lt)):
        case(name, fn, i32, whole[:1], exact=True)
        case(name, fn, i32, flags, exact=True)
    case('neg', torch.neg, whole, exact=True)
    case('abs', torch.abs, i32, exact=True)
    case('div', torch.div, i32, torch.tensor([3]), exact=True)
    case('sqrt', torch.sqrt, i32.abs(), exact=True)
    case('sort', lambda t: torch.sort(t, dim=1, stable=True), i32, exact=True, axis=1, descending=False)
    case('max', lambda t: torch.amax(t, dim=[1]), i32, exact=True, axes=[1], keep=False)
    return table


def heads():
    """Last, so that the numbers of the others stay as they are."""
    for n, d, v in ((5, 7, 13), (4, 3, 1100), (3, 4, 1)):
        x, w, b, t = normal(n, d), normal(v, d), normal(v), torch.randint(0, v, (n,))
        ignoring = t.clone()
        ignoring[1::2] = -100
        loss = lambda x, w, t, b=None: F.cross_entropy(F.linear(x, w, b), t, ignore_index=-100, reduction='none')
        for targets in (t, ignoring):
            case('linearCrossEntropy', loss, x, w, targets, ignore=-100)
            case('linearCrossEntropy', loss, x, w, targets, b, ignore=-100)


def images():
    """After the heads, for the same reason."""
    # images, channels, height, width, channels out, kernel height and width, stride, padding, groups
    for n, c, h, w, o, i, j, s, a, g in ((1, 1, 1, 1, 1, 1, 1, 1, 0, 1), (2, 3, 5, 4, 2, 3, 3, 1, 1, 1), (1, 4, 7, 6, 6, 3, 3, 2, 1, 2),
                                         (2, 3, 5, 5, 3, 3, 3, 1, 1, 3), (3, 5, 4, 3, 7, 1, 1, 1, 0, 1), (1, 2, 8, 9, 3, 5, 2, 3, 2, 1),
                                         (2, 6, 9, 19, 9, 3, 3, 1, 1, 1), (1, 2, 4, 4, 3, 3, 3, 1, 3, 1)):
        conv = lambda x, w, b=None: F.conv2d(x, w, b, stride=s, padding=a, groups=g)
        x, k = normal(n, c, h, w), normal(o, c // g, i, j)
        # gradients by k are sums of up to 342 terms, whose roundings in f32 add up to 1e-5
        case('conv2d', conv, x, k, tolerance=4e-5, stride=s, padding=a, groups=g)
        case('conv2d', conv, x, k, normal(o), tolerance=4e-5, stride=s, padding=a, groups=g)
    for size, g in (((2, 4), 2), ((3, 6, 5), 3), ((2, 8, 3, 7), 4), ((1, 32, 5, 4), 32), ((2, 3, 2, 3, 4), 1)):
        case('groupNorm', lambda x, w, b: F.group_norm(x, g, w, b, 1e-5), normal(*size) + .5, normal(size[1]), normal(size[1]),
             groups=g, eps=1e-5)
    for scale in (1, 2, 3):
        case('upsample', lambda x: F.interpolate(x, scale_factor=scale, mode='nearest'), normal(2, 3, 5, 4), scale=scale)
    for k, s, a in ((2, 2, 0), (3, 1, 1), (3, 2, 1), (2, 3, 1), (1, 1, 0)):
        case('avgPool', lambda x: F.avg_pool2d(x, k, s, a), normal(2, 3, 7, 6), kernel=k, stride=s, padding=a)


for make in (pointwise, reductions, indexing, products, networks):
    make()
promotion = types()
heads()
images()
here = os.path.dirname(os.path.abspath(__file__))
path = os.path.join(here, '..', 'resources', 'golden', 'ops.safetensors')
save_file(TENSORS, path, {'origin': 'PyTorch ' + torch.__version__ + ', tensor/src/test/python/' + os.path.basename(__file__),
                          'cases': json.dumps(CASES, separators=(',', ':')), 'promotion': json.dumps(promotion, separators=(',', ':'))})
print(len(CASES), 'cases,', len(TENSORS), 'tensors,', os.path.getsize(path), 'bytes')
