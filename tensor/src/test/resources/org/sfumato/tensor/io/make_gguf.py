"""A GGUF file with every type of metadata and of tensors that is read, and the values of its tensors as the package
`gguf` gives them. Run beside the files; needs gguf and numpy.

Written with gguf 0.19.0, numpy 2.4.6. Blocks of quantised types are random bits with finite scales, so that every bit
of a block matters.
"""
import gguf
import numpy as np

T = gguf.GGMLQuantizationType
random = np.random.default_rng(7)
w = gguf.GGUFWriter("all.gguf", "llama")
w.add_uint8("m.u8", 255)
w.add_int8("m.i8", -128)
w.add_uint16("m.u16", 65535)
w.add_int16("m.i16", -32768)
w.add_uint32("m.u32", 4294967295)
w.add_int32("m.i32", -2147483648)
w.add_float32("m.f32", 1e-5)
w.add_bool("m.bool", True)
w.add_string("m.text", "caf\u00e9 \U0001f600")
w.add_uint64("m.u64", 18446744073709551615)
w.add_int64("m.i64", -9223372036854775808)
w.add_float64("m.f64", 0.1)
w.add_array("m.texts", ["a", "\"b\"", "\u2581c"])
w.add_array("m.numbers", [1, -2, 3])
w.add_array("m.floats", [0.5, -1.25])
w.add_array("m.truths", [True, False])

expected = {}


def add(name, kind, shape, scales=()):
    """Random blocks; scales are places of f16 within a block."""
    block, size = gguf.GGML_QUANT_SIZES[kind]
    rows = int(np.prod(shape[:-1], dtype=int))
    data = random.integers(0, 256, (rows, shape[-1] // block, size), dtype=np.uint8)
    for at in scales:
        scale = (random.random(data.shape[:2]) * 0.1 - 0.03).astype("<f2")
        data[:, :, at:at + 2] = scale[..., None].view(np.uint8)
    data = data.reshape(*shape[:-1], -1)
    w.add_tensor(name, data, raw_dtype=kind)
    if kind in (T.Q8_0, T.Q4_0, T.Q4_K, T.Q6_K):
        expected[name] = gguf.dequantize(data, kind).reshape(shape).astype(np.float32)


add("q8_0", T.Q8_0, (3, 64), [0])
add("q4_0", T.Q4_0, (3, 64), [0])
add("q4_k", T.Q4_K, (2, 512), [0, 2])
add("q6_k", T.Q6_K, (2, 512), [208])
add("q5_k", T.Q5_K, (256,), [0, 2])
plain = random.standard_normal((2, 3, 5))
for name, dtype in (("f32", np.float32), ("f16", np.float16), ("f64", np.float64)):
    w.add_tensor(name, plain.astype(dtype))
    expected[name] = plain.astype(dtype)
bits = plain.astype(np.float32).view(np.uint32) >> 16
w.add_tensor("bf16", bits.astype(np.uint16).view(np.uint8), raw_dtype=T.BF16)
expected["bf16"] = (bits << 16).view(np.float32)
w.add_tensor("i8", np.arange(-3, 4, dtype=np.int8))
expected["i8"] = np.arange(-3, 4, dtype=np.int32)
w.write_header_to_file()
w.write_kv_data_to_file()
w.write_tensors_to_file()
w.close()
np.savez("gguf_expected.npz", **expected)
