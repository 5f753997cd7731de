"""Files as the reference libraries write them. Run beside the files; needs torch, safetensors, numpy.

Written with torch 2.13.0, safetensors 0.8.0, numpy 2.4.6. Element i of a tensor is i - 2.5 (floating), i - 2 (whole),
i odd (bool).
"""
import numpy as np
import torch
from safetensors.torch import save_file

torch_types = [torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.int32, torch.bool]


def values(dtype):
    i = torch.arange(6, dtype=torch.float64).reshape(2, 3)
    if dtype == torch.bool:
        return i % 2 == 1
    return (i - 2.5).to(dtype) if dtype.is_floating_point else (i - 2).to(dtype)


tensors = {"x." + str(t).removeprefix("torch."): values(t) for t in torch_types}
tensors["a"] = torch.tensor(1.5)
tensors["empty"] = torch.zeros(0, 4)
tensors["\u00e9\U0001f600"] = torch.tensor([7.0])
tensors["\uffff"] = torch.tensor([8.0])
save_file(tensors, "python.safetensors", metadata={"format": "pt"})

plain = values(torch.float32).numpy()
np.save("f4.npy", plain)
np.save("f8_fortran.npy", np.asfortranarray(plain.astype("<f8")))
np.save("f4_big.npy", plain.astype(">f4"))
np.save("f2_big_fortran.npy", np.asfortranarray(plain.astype(">f2")))
np.save("i8.npy", values(torch.int64).numpy())
np.save("i4_big.npy", values(torch.int32).numpy().astype(">i4"))
np.save("b1.npy", values(torch.bool).numpy())
np.save("scalar.npy", np.float32(1.5))
np.save("row.npy", np.arange(1000, dtype="<i4"))
np.save("empty.npy", np.zeros((0, 4), dtype="<f4"))
np.save("u1.npy", np.zeros(3, dtype="u1"))
np.save("record.npy", np.zeros(2, dtype=[("a", "<f4"), ("b", "<i4")]))
with open("f4_version2.npy", "wb") as f:
    np.lib.format.write_array(f, plain, version=(2, 0))
with open("f4_version3.npy", "wb") as f:
    np.lib.format.write_array(f, plain, version=(3, 0))
np.savez("stored.npz", a=plain, b=values(torch.bool).numpy())
np.savez_compressed("deflated.npz", a=plain, b=np.zeros(1000, dtype="<i8"))
