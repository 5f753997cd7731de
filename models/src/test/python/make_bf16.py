"""What transformers computes in bfloat16 with the networks of make_pretrained.py.

    python make_bf16.py FOLDER        FOLDER: resources/org/sfumato/models/pretrained, as make_pretrained.py left it

Writes bf16.safetensors beside each network: logits and, with the mask of expected.safetensors, logits.masked, of weights
and activations in bfloat16. Made with transformers 5.18 and PyTorch 2.13, eager attention.
"""

import json
import pathlib
import sys

import torch
import transformers as T
from safetensors.torch import load_file, save_file

import make_pretrained

CAUSAL = ["gpt2", "llama", "llama3", "mistral", "qwen2"]
MASKED = ["bert", "modernbert"]


def two_way(folder):
    """LLaDA's and Dream's networks as those of LLaMA and Qwen2."""
    tensors = load_file(folder / "model.safetensors")
    if folder.name == "llada":
        network = T.LlamaForCausalLM(T.LlamaConfig(**make_pretrained.SMALL, **make_pretrained.IDS, rms_norm_eps=1e-5))
        tensors = {name: tensors[make_pretrained.llada(name)] for name in network.state_dict()}
    else:
        config = json.loads((folder / "config.json").read_text()) | {"model_type": "qwen2"}
        network = T.Qwen2ForCausalLM(T.Qwen2Config(**{k: v for k, v in config.items() if k != "model_type"}))
    network.load_state_dict(tensors)
    return network


def main():
    out = pathlib.Path(sys.argv[1])
    for name in CAUSAL + MASKED + ["llada", "dream"]:
        folder = out / name
        given = load_file(folder / "expected.safetensors")
        ids, mask = given["ids"], given["mask"]
        if name in CAUSAL + MASKED:
            kind = T.AutoModelForCausalLM if name in CAUSAL else T.AutoModelForMaskedLM
            network = kind.from_pretrained(folder, dtype=torch.bfloat16, attn_implementation="eager").eval()
            all_seen, seen = {}, dict(attention_mask=mask.long())
        else:
            network = two_way(folder).to(torch.bfloat16).eval()
            length = ids.shape[1]
            zero = torch.zeros(len(ids), 1, length, length, dtype=torch.bfloat16)
            all_seen = dict(attention_mask=zero)
            seen = dict(attention_mask=zero.masked_fill(~mask[:, None, None, :], float("-inf")))
        with torch.no_grad():
            save_file({"logits": network(input_ids=ids, **all_seen).logits.contiguous(),
                       "logits.masked": network(input_ids=ids, **seen).logits.contiguous()},
                      folder / "bf16.safetensors",
                      metadata={"origin": "make_bf16.py, transformers " + T.__version__})


main()
