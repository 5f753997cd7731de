"""The loss of llama2.c's trained networks on samples of TinyStories, by transformers in float64.

    python make_story_losses.py DATA      DATA: the folder with w-stories260K, w-babyllama105 and text-tinystories

Nothing is written: the numbers printed stand in TrainedNetworksTest. As in llama2.c's train.py, stories are tokens that
begin with <s> (1), one after another without an end; windows of T + 1 tokens follow each other at steps of T, and the loss
is the mean over the T tokens after the first of each. Pieces are merged as in llama2.c's run.c, characters by sentencepiece 0.2.
The sample has lost the marks between its stories: a story is what begins with "Once upon a time"; what is longer than
1,800 characters, or is not ASCII, is left out. transformers 5.18.
"""

import pathlib
import re
import struct
import sys

import sentencepiece
import torch
import transformers as T

WINDOWS = 100


def network(file):
    data = file.read_bytes()
    dim, hidden, layers, heads, kv, vocabulary, length = struct.unpack("<7i", data[:28])
    config = T.LlamaConfig(hidden_size=dim, intermediate_size=hidden, num_hidden_layers=layers, num_attention_heads=heads,
                           num_key_value_heads=kv, vocab_size=abs(vocabulary), max_position_embeddings=length,
                           rms_norm_eps=1e-5, tie_word_embeddings=vocabulary > 0, attn_implementation="eager")
    model = T.LlamaForCausalLM(config).double().eval()
    at = 28

    def take(*shape):
        nonlocal at
        n = torch.Size(shape).numel()
        out = torch.frombuffer(bytearray(data[at:at + 4 * n]), dtype=torch.float32).reshape(shape).double()
        at += 4 * n
        return out

    def halves(w, heads):                       # neighbouring pairs are turned in the file, halves in transformers
        return w.reshape(heads, -1, 2, dim).transpose(1, 2).reshape(w.shape)

    size = dim // heads
    names = {"model.embed_tokens.weight": take(abs(vocabulary), dim)}
    parts = [("input_layernorm", (dim,)), ("self_attn.q_proj", (dim, dim)), ("self_attn.k_proj", (kv * size, dim)),
             ("self_attn.v_proj", (kv * size, dim)), ("self_attn.o_proj", (dim, dim)), ("post_attention_layernorm", (dim,)),
             ("mlp.gate_proj", (hidden, dim)), ("mlp.down_proj", (dim, hidden)), ("mlp.up_proj", (hidden, dim))]
    for part, shape in parts:
        for i, w in enumerate(take(layers, *shape)):
            w = halves(w, heads) if "q_proj" in part else halves(w, kv) if "k_proj" in part else w
            names[f"model.layers.{i}.{part}.weight"] = w
    names["model.norm.weight"] = take(dim)
    names["lm_head.weight"] = names["model.embed_tokens.weight"]
    model.load_state_dict(names)
    return model, length


def merging(file):
    data = file.read_bytes()
    at, pieces = 4, []
    while at < len(data):
        score, n = struct.unpack("<fi", data[at:at + 8])
        pieces.append((data[at + 8:at + 8 + n].decode(), score))
        at += 8 + n
    ids = {text: i for i, (text, _) in enumerate(pieces)}

    def encode(text):
        out = []
        for c in " " + text:
            out += [ids[c]] if c in ids else [3 + b for b in c.encode()]
        while True:
            best = max(((pieces[ids[p]][1], -i) for i in range(len(out) - 1)
                        if (p := pieces[out[i]][0] + pieces[out[i + 1]][0]) in ids), default=None)
            if best is None:
                return out
            i = -best[1]
            out[i:i + 2] = [ids[pieces[out[i]][0] + pieces[out[i + 1]][0]]]
    return encode


def main():
    data = pathlib.Path(sys.argv[1])
    text = (data / "text-tinystories/tinystories_val_794k.txt").read_text()
    stories = [s.strip() for s in re.split(r"\n\n(?=Once upon a time)", text) if s.isascii() and len(s) < 1800]
    for name, weights, encode in (
            ("stories260K", "w-stories260K/stories260K.bin", merging(data / "w-stories260K/tok512.bin")),
            ("babyllama105", "w-babyllama105/model5000.bin",
             sentencepiece.SentencePieceProcessor(str(data / "w-babyllama105/tok105.model")).encode)):
        model, length = network(data / weights)
        ids = []
        for story in stories:
            if len(ids) > WINDOWS * length:
                break
            ids += [1] + encode(story)
        losses = []
        for at in range(0, WINDOWS * length, length):
            row = torch.tensor([ids[at:at + length + 1]])
            with torch.no_grad():
                logits = model(row[:, :-1]).logits[0]
            losses.append(torch.nn.functional.cross_entropy(logits, row[0, 1:]).item())
        mean = sum(losses) / len(losses)
        error = (sum((x - mean) ** 2 for x in losses) / (len(losses) - 1) / len(losses)) ** .5
        print(f"{name}: {len(stories)} stories, {WINDOWS} windows of {length}: {mean:.6f} +- {error:.4f}; ids {ids[:24]}")


main()
