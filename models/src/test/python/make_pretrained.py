"""Small random networks of each family, saved by transformers as it saves any model, and what they compute.

    python make_pretrained.py OUT        OUT: the folder resources/org/sfumato/models/pretrained

Each family has a folder with config.json and model.safetensors as save_pretrained writes them, and expected.safetensors:
ids, logits; with padding at the right end, mask and logits.masked (those of padding are not compared); for BERT types and
logits.typed. Made with transformers 5.18 and PyTorch 2.13. LLaDA and Dream are not in transformers: they are LLaMA's and
Qwen2's networks in which every position sees every other, under the names of their own files.
"""

import json
import pathlib
import sys

import torch
import transformers as T
from safetensors.torch import load_file, save_file

VOCABULARY, LENGTH = 61, 24
SMALL = dict(vocab_size=VOCABULARY, max_position_embeddings=32, hidden_size=16, intermediate_size=24,
             num_hidden_layers=3, num_attention_heads=4)
GROUPED = dict(SMALL, num_key_value_heads=2)
IDS = dict(pad_token_id=0, bos_token_id=1, eos_token_id=2)
LLAMA3 = dict(rope_type="llama3", rope_theta=500.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0,
              original_max_position_embeddings=16)


def networks():
    yield "gpt2", T.GPT2LMHeadModel(T.GPT2Config(vocab_size=VOCABULARY, n_positions=32, n_embd=16, n_layer=3, n_head=2, **IDS))
    yield "llama", T.LlamaForCausalLM(T.LlamaConfig(**GROUPED, **IDS, rms_norm_eps=1e-5))
    yield "llama3", T.LlamaForCausalLM(
        T.LlamaConfig(**GROUPED, **IDS, head_dim=6, rope_parameters=LLAMA3, tie_word_embeddings=True, attention_bias=True))
    yield "mistral", T.MistralForCausalLM(T.MistralConfig(**GROUPED, **IDS, sliding_window=7))
    yield "qwen2", T.Qwen2ForCausalLM(T.Qwen2Config(**GROUPED, **IDS))
    yield "bert", T.BertForMaskedLM(T.BertConfig(**SMALL, **IDS))
    yield "modernbert", T.ModernBertForMaskedLM(T.ModernBertConfig(
        **SMALL, **IDS, cls_token_id=1, sep_token_id=2, local_attention=8, global_attn_every_n_layers=2))


def shake(network):
    """Norms, biases and tables away from ones and zeros, so that each is seen."""
    with torch.no_grad():
        for name, p in network.named_parameters():
            if p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.2)
            else:
                p.copy_(torch.randn_like(p) * (0.5 if "emb" in name or "wte" in name or "wpe" in name else 0.25))


def padding():
    mask = torch.ones(3, LENGTH, dtype=torch.bool)
    mask[1, 17:] = False
    mask[2, 5:] = False
    return mask


def compute(network, **more):
    with torch.no_grad():
        return network(**more).logits.contiguous()


def write(folder, network, everything_visible=False):
    ids = torch.randint(3, VOCABULARY, (3, LENGTH))
    mask = padding()
    seen = dict(attention_mask=torch.zeros(3, 1, LENGTH, LENGTH)) if everything_visible else {}
    padded = (dict(attention_mask=torch.where(mask[:, None, None, :], 0.0, float("-inf")).expand(3, 1, LENGTH, LENGTH))
              if everything_visible else dict(attention_mask=mask.long()))
    expected = {"ids": ids, "mask": mask, "logits": compute(network, input_ids=ids, **seen),
                "logits.masked": compute(network, input_ids=ids, **padded)}
    if network.config.model_type == "bert":
        expected["types"] = torch.randint(0, 2, (3, LENGTH))
        expected["logits.typed"] = compute(network, input_ids=ids, token_type_ids=expected["types"])
    save_file(expected, folder / "expected.safetensors", metadata={"origin": "make_pretrained.py, transformers "
                                                                   + T.__version__})


def rename(folder, config, change):
    tensors = load_file(folder / "model.safetensors")
    save_file({change(k): v for k, v in tensors.items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")


LLADA = {"embed_tokens": "transformer.wte", "norm": "transformer.ln_f", "layers": "transformer.blocks",
         "input_layernorm": "attn_norm", "post_attention_layernorm": "ff_norm", "o_proj": "attn_out",
         "gate_proj": "ff_proj", "down_proj": "ff_out"}


def llada(name):
    if name == "lm_head.weight":
        return "model.transformer.ff_out.weight"
    return ".".join(LLADA.get(part, part) for part in name.split(".") if part not in ("self_attn", "mlp"))


def main():
    out = pathlib.Path(sys.argv[1])
    torch.manual_seed(20261123)
    for name, network in networks():
        shake(network.eval())
        network.save_pretrained(out / name)
        (out / name / "generation_config.json").unlink(missing_ok=True)
        write(out / name, network)
    network = T.LlamaForCausalLM(T.LlamaConfig(**SMALL, **IDS, rms_norm_eps=1e-5)).eval()
    shake(network)
    network.save_pretrained(out / "llada")
    write(out / "llada", network, everything_visible=True)
    rename(out / "llada", {
        "activation_type": "silu", "alibi": False, "attention_layer_norm": False, "block_type": "llama", "d_model": 16,
        "embedding_size": VOCABULARY, "include_bias": False, "include_qkv_bias": False, "input_emb_norm": False,
        "layer_norm_type": "rms", "max_sequence_length": 32, "mlp_hidden_size": 24, "model_type": "llada", "n_heads": 4,
        "n_kv_heads": 4, "n_layers": 3, "rms_norm_eps": 1e-5, "rope": True, "rope_theta": 10000.0, "scale_logits": False,
        "vocab_size": VOCABULARY, "weight_tying": False}, llada)
    network = T.Qwen2ForCausalLM(T.Qwen2Config(**GROUPED, **IDS)).eval()
    shake(network)
    network.save_pretrained(out / "dream")
    write(out / "dream", network, everything_visible=True)
    rename(out / "dream", json.loads((out / "dream/config.json").read_text()) | {"model_type": "Dream"}, lambda name: name)
    for file in ("llada", "dream"):
        (out / file / "generation_config.json").unlink(missing_ok=True)


if __name__ == "__main__":
    main()
