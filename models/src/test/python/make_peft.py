"""LoRA adapters of the small networks of make_pretrained.py, saved by PEFT as it saves any, and what they compute.

    python make_peft.py OUT             OUT: the folder resources/org/sfumato/models/pretrained
    python make_peft.py OUT FOLDER      loads the adapters in FOLDER, written by PeftTest (-Dpeft.out=FOLDER), in PEFT,
                                        and compares what they compute with the expected values

Each adapter has a folder OUT/adapters/FAMILY-NAME with adapter_config.json and adapter_model.safetensors as
save_pretrained writes them, and expected.safetensors: logits of the first row of the ids of OUT/FAMILY, with the adapter
beside the network and, as logits.merged, within it. adapters/both.safetensors has the logits of two adapters at once,
adapters/training.safetensors the losses of ten steps of training and the adapter after them.
Made with PEFT 0.21, transformers 5.18 and PyTorch 2.13.
"""

import json
import pathlib
import sys

import peft
import torch
import transformers as T
from safetensors.torch import load_file, save_file

ORIGIN = {"origin": "make_peft.py, PEFT " + peft.__version__}
ADAPTERS = {
    "llama-attention": dict(r=4, lora_alpha=8, lora_dropout=0.1, target_modules=["q_proj", "v_proj"]),
    "llama-all": dict(r=3, lora_alpha=7, use_rslora=True, target_modules="all-linear", task_type="CAUSAL_LM",
                      rank_pattern={"down_proj": 5, "layers.1.self_attn.q_proj": 2}, alpha_pattern={"k_proj": 3}),
    "llama-expression": dict(r=2, lora_alpha=5,
                             target_modules=r"lm_head|.*layers\.[02]\.(self_attn\.(q|k)_proj|mlp\.up_proj)"),
    "gpt2-attention": dict(r=4, lora_alpha=8, target_modules=["c_attn"], fan_in_fan_out=True),
    "gpt2-all": dict(r=2, lora_alpha=4, target_modules="all-linear", fan_in_fan_out=True),
    "bert-all": dict(r=2, lora_alpha=4, target_modules="all-linear"),
    "modernbert-all": dict(r=2, lora_alpha=4, target_modules="all-linear"),
}


def base(out, name):
    family = name.split("-")[0]
    kind = T.AutoModelForMaskedLM if "bert" in family else T.AutoModelForCausalLM
    return kind.from_pretrained(out / family).eval(), load_file(out / family / "expected.safetensors")["ids"][:1]


def compute(network, ids):
    with torch.no_grad():
        return network(input_ids=ids).logits.contiguous()


def shake(network):
    """B away from zero, so that the adapter does something; A of a size that does not drown it."""
    with torch.no_grad():
        for name, p in network.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn_like(p) * 0.2)


def make(out):
    for name, config in ADAPTERS.items():
        network, ids = base(out, name)
        adapted = peft.get_peft_model(network, peft.LoraConfig(**config)).eval()
        shake(adapted)
        adapted.peft_config["default"].base_model_name_or_path = name.split("-")[0]
        folder = out / "adapters" / name
        adapted.save_pretrained(folder)
        (folder / "README.md").unlink()
        written = json.loads((folder / "adapter_config.json").read_text())
        if isinstance(written["target_modules"], list):                 # a set, in an order that changes
            written["target_modules"].sort()
            (folder / "adapter_config.json").write_text(json.dumps(written, indent=2) + "\n")
        logits = compute(adapted, ids)
        merged = compute(adapted.merge_and_unload(), ids)
        plain = compute(base(out, name)[0], ids)
        assert (logits - plain).abs().max() > 0.1, name
        save_file({"logits": logits, "logits.merged": merged}, folder / "expected.safetensors", metadata=ORIGIN)
    network, ids = base(out, "llama")
    adapted = peft.PeftModel.from_pretrained(network, out / "adapters/llama-attention", adapter_name="one")
    adapted.load_adapter(out / "adapters/llama-expression", adapter_name="two")
    adapted.base_model.set_adapter(["one", "two"])
    save_file({"logits": compute(adapted.eval(), ids)}, out / "adapters/both.safetensors", metadata=ORIGIN)
    save_file(train(out), out / "adapters/training.safetensors", metadata=ORIGIN)


def train(out):
    """Ten steps of AdamW with PyTorch's defaults on llama-all, without dropout, and the adapter after them."""
    network, ids = base(out, "llama")
    adapted = peft.PeftModel.from_pretrained(network, out / "adapters/llama-all", is_trainable=True).eval()
    parameters = {name: p for name, p in adapted.named_parameters() if p.requires_grad}
    assert parameters and all("lora_" in name for name in parameters)
    optimizer = torch.optim.AdamW(parameters.values(), lr=0.01)
    losses = []
    for _ in range(10):
        logits = adapted(input_ids=ids).logits
        loss = torch.nn.functional.cross_entropy(logits[0, :-1], ids[0, 1:])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return {"losses": torch.tensor(losses)} | {name.replace(".default", ""): p.detach().contiguous()
                                               for name, p in parameters.items()}


def check(out, written):
    for name in ADAPTERS:
        network, ids = base(out, name)
        adapted = peft.PeftModel.from_pretrained(network, written / name).eval()
        expected = load_file(out / "adapters" / name / "expected.safetensors")["logits"]
        error = (compute(adapted, ids) - expected).abs().max().item()
        print(f"{name}: {error:.1e}")
        assert error < 1e-5


if len(sys.argv) > 2:
    check(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
else:
    torch.manual_seed(20261124)
    make(pathlib.Path(sys.argv[1]))
