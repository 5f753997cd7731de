"""PyTorch's archives and sharded safetensors, and what is in them. Run beside the files; needs torch, safetensors,
transformers. Written with torch 2.13.0, safetensors 0.8.0, transformers 5.18.0.

torch_p2.pt to torch_p5.pt hold one dictionary, pickled with protocols 2 to 5; torch_expected.safetensors holds its
tensors by path, dense, narrow whole numbers as int32. sharded/ and whole.safetensors are one model.
"""
import collections
import os
import pathlib
import pickle

import torch
import transformers
from safetensors.torch import save_file

types = [torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.int32, torch.int16,
         torch.int8, torch.uint8, torch.bool]


def values(dtype, n=6):
    i = torch.arange(n, dtype=torch.float64).reshape(2, -1)
    if dtype == torch.bool:
        return i % 2 == 1
    if dtype == torch.uint8:
        return (250 + i).to(dtype)
    return (i - 2.5).to(dtype) if dtype.is_floating_point else (i - 2).to(dtype)


base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
tensors = {
    "types": {str(t).removeprefix("torch."): values(t) for t in types},
    "views": {
        "base": base, "transposed": base.permute(2, 0, 1), "offset": base[1, 1:], "step": base[:, ::2, 1::2],
        "repeated": base[0, 0].expand(3, 4), "scalar": base[1, 2, 3], "empty": base[:, :0],
    },
    "layers": [torch.nn.Parameter(torch.tensor([[1.5, -2.0]])), torch.nn.Linear(2, 1).requires_grad_(False).weight * 0],
}
state = collections.OrderedDict(tensors)
state._metadata = {"": {"version": 1}}
root = {"model": state, "step": 2 ** 40, "small": [7, 300, -70000], "loss": 0.125, "name": "caf\u00e9",
        "best": None, "done": True, "betas": (0.9, 0.95), 3: "three"}


def flat(value, path):
    if isinstance(value, torch.Tensor):
        value = value.detach()
        narrow = value.dtype in (torch.int16, torch.int8, torch.uint8)
        yield path, (value.to(torch.int32) if narrow else value).contiguous().clone()
    elif isinstance(value, (dict, list)):
        for key, item in (value.items() if isinstance(value, dict) else enumerate(value)):
            yield from flat(item, f"{path}.{key}" if path else str(key))


for protocol in range(2, 6):
    torch.save(root, f"torch_p{protocol}.pt", pickle_protocol=protocol)
save_file(dict(flat(root, "")), "torch_expected.safetensors")
torch.save({"a": torch.ones(2)}, "torch_old.pt", _use_new_zipfile_serialization=False)
torch.save(torch.tensor([1.0, 2.0]), "torch_single.pt")


class Evil:
    def __reduce__(self):
        return os.system, ("touch harmed",)


torch.save({"a": torch.ones(2), "b": Evil()}, "torch_evil.pt")
torch.save({"a": torch.zeros(2, dtype=torch.complex64)}, "torch_complex.pt")

torch.manual_seed(1)
config = transformers.LlamaConfig(vocab_size=16, hidden_size=8, intermediate_size=12, num_hidden_layers=1,
                                  num_attention_heads=2, num_key_value_heads=1, max_position_embeddings=16)
model = transformers.LlamaForCausalLM(config)
pathlib.Path("sharded").mkdir(exist_ok=True)
model.save_pretrained("sharded", max_shard_size="1KB")
for extra in ("config.json", "generation_config.json"):
    pathlib.Path("sharded", extra).unlink()
save_file({k: v.contiguous() for k, v in model.state_dict().items()}, "whole.safetensors")
