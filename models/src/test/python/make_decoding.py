"""What transformers writes with the networks of make_pretrained.py.

    python make_decoding.py FOLDER       FOLDER: resources/org/sfumato/models/pretrained; writes decoding.json into it

For each causal family: greedy text of three prompts of different lengths in one batch, padded on the left; the same with a
repetition penalty; sampled text, where token number i is the first one up to which the probabilities kept by transformers'
own processors (penalty, temperature, top k, top p) exceed the i-th of the given uniform numbers. "beams": the texts and scores
of beam searches of width 5, with no end, and with tokens as ends that such searches write often. "perplexity": the mean losses of "scored". transformers 5.18.
"""

import collections
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


def beams(network, prompts, penalty, stopping, stops, repetition=1.0):
    ids, mask = batch(prompts)
    out = network.generate(input_ids=ids, attention_mask=mask, do_sample=False, pad_token_id=0, eos_token_id=stops or None,
                           max_new_tokens=TOKENS, num_beams=5, num_return_sequences=5, length_penalty=penalty,
                           early_stopping=stopping, repetition_penalty=repetition, return_dict_in_generate=True,
                           output_scores=True)
    texts = out.sequences[:, ids.shape[1]:].tolist()
    ends = [next((i + 1 for i, token in enumerate(text) if token in stops), TOKENS) for text in texts]
    return {"prompts": prompts, "lengthPenalty": penalty, "ending": {True: "FULL", False: "LIKELY", "never": "CERTAIN"}[stopping],
            "stops": stops, "repetitionPenalty": repetition, "texts": [text[:end] for text, end in zip(texts, ends)],
            "scores": out.sequences_scores.tolist()}


def searches(network, prompts):
    endless = beams(network, prompts, 1.0, False, [])
    often = [token for token, _ in collections.Counter(t for text in endless["texts"] for t in text[1:6]).most_common(2)]
    return [endless, beams(network, prompts, 1.0, False, often[:1]), beams(network, prompts, 0.6, True, often),
            beams(network, prompts, 2.0, "never", often), beams(network, prompts, 0.0, "never", often),
            beams(network, prompts, -1.0, False, often[1:]), beams(network, prompts[:1], 1.0, False, often[:1], 1.4)]


def perplexity(network, ids, window, stride):
    """As the documentation of transformers has it, with the sum of the losses in place of the mean of each window."""
    total, before = 0.0, 0
    for begin in range(0, len(ids), stride):
        end = min(begin + window + 1, len(ids))
        row = torch.tensor([ids[begin:end]])
        with torch.no_grad():
            logits = network(input_ids=row).logits[0, :-1].double()
        losses = torch.nn.functional.cross_entropy(logits, row[0, 1:], reduction="none")
        total += losses[max(0, before - begin - 1):].sum().item()
        before = end
        if end == len(ids):
            break
    return total / (len(ids) - 1)


def main():
    folder = pathlib.Path(sys.argv[1])
    out = {"origin": "make_decoding.py, transformers " + T.__version__}
    torch.manual_seed(5)
    scored = torch.randint(3, 61, (100,), generator=torch.Generator().manual_seed(8)).tolist()
    out["scored"] = scored
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
            "beams": searches(network, prompts),
            "perplexity": [{"window": w, "stride": s, "count": n, "nats": perplexity(network, scored[:n], w, s)}
                           for w, s, n in ((16, 16, 100), (31, 7, 100), (12, 1, 40), (20, 13, 21), (20, 13, 2))],
        }
    (folder / "decoding.json").write_text(json.dumps(out) + "\n")


main()
