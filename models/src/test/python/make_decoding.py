"""What transformers writes with the networks of make_pretrained.py.

    python make_decoding.py FOLDER       FOLDER: resources/org/sfumato/models/pretrained; writes decoding.json into it

For each causal family: greedy text of three prompts of different lengths in one batch, padded on the left; the same with a
repetition penalty; sampled text, where token number i is the first one up to which the probabilities kept by transformers'
own processors (penalty, temperature, top k, top p) exceed the i-th of the given uniform numbers. transformers 5.18.
"""

import json
import pathlib
import sys

import torch
import transformers as T
from transformers import generation as G

TOKENS = 14


def batch(prompts):
    longest = max(map(len, prompts))
    ids = torch.tensor([[0] * (longest - len(p)) + p for p in prompts])
    mask = torch.tensor([[0] * (longest - len(p)) + [1] * len(p) for p in prompts])
    return ids, mask


def text(network, prompts, **how):
    ids, mask = batch(prompts)
    out = network.generate(input_ids=ids, attention_mask=mask, do_sample=False, pad_token_id=0, eos_token_id=None,
                           max_new_tokens=TOKENS, **how)
    return out[:, ids.shape[1]:].tolist()


def sampled(network, prompt, uniforms, processors):
    ids = torch.tensor([prompt])
    for u in uniforms:
        with torch.no_grad():
            logits = network(input_ids=ids).logits[:, -1].double()
        p = torch.softmax(processors(ids, logits), -1)[0]
        token = int((p.cumsum(0) <= u).sum())
        ids = torch.cat([ids, torch.tensor([[token]])], 1)
    return ids[0, len(prompt):].tolist()


def main():
    folder = pathlib.Path(sys.argv[1])
    out = {"origin": "make_decoding.py, transformers " + T.__version__}
    torch.manual_seed(5)
    for family in ("gpt2", "llama", "llama3", "mistral", "qwen2"):
        network = T.AutoModelForCausalLM.from_pretrained(folder / family).eval()
        prompts = [torch.randint(3, 61, (n,)).tolist() for n in (9, 4, 1)]
        uniforms = torch.rand(TOKENS, dtype=torch.float64).tolist()
        out[family] = {
            "prompts": prompts, "uniforms": uniforms, "greedy": text(network, prompts),
            "penalty": text(network, prompts[:1], repetition_penalty=1.3),
            "plain": sampled(network, prompts[0], uniforms, G.LogitsProcessorList([G.TemperatureLogitsWarper(0.8)])),
            "topk": sampled(network, prompts[0], uniforms, G.LogitsProcessorList(
                [G.TemperatureLogitsWarper(1.5), G.TopKLogitsWarper(7)])),
            "topp": sampled(network, prompts[0], uniforms, G.LogitsProcessorList(
                [G.RepetitionPenaltyLogitsProcessor(1.2), G.TemperatureLogitsWarper(2.0), G.TopKLogitsWarper(40),
                 G.TopPLogitsWarper(0.8)])),
        }
    (folder / "decoding.json").write_text(json.dumps(out) + "\n")


main()
