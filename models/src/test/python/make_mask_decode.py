"""What tom-pollak/dllm's iter_mask_decode writes with the masked networks of make_pretrained.py.

    python make_mask_decode.py FOLDER       FOLDER: resources/org/sfumato/models/pretrained; writes mask_decode.json into it

Written from the description of the algorithm: in the form [CLS] prompt [SEP] answer [SEP] the answer is masks at first; as
often as there are masks, the network reads all, the masked place whose largest probability is largest of all gets its likeliest
token. The mask itself is left out of the probabilities: here it is never written, and a network that was
trained gives it nothing. Each (token, place) in the order of writing. Dream, whose outputs stand one place before their tokens, is shifted as its
own generation code does. transformers 5.18.
"""

import itertools
import json
import pathlib
import sys

import safetensors.torch
import torch
import transformers as T

CLS, SEP, MASK = 1, 2, 60
ANSWER = 12


def dream(folder):
    config = json.loads((folder / "config.json").read_text())
    config.pop("model_type")
    network = T.Qwen2ForCausalLM(T.Qwen2Config(**config))
    network.load_state_dict(safetensors.torch.load_file(folder / "model.safetensors"))
    return network.eval()


def logits(family, network, ids):
    if family != "dream":
        return network(input_ids=ids).logits
    everything = torch.zeros(1, 1, ids.shape[1], ids.shape[1])
    found = network(input_ids=ids, attention_mask=everything).logits
    return torch.cat([found[:, :1], found[:, :-1]], 1)


@torch.no_grad()
def iter_mask_decode(family, network, prompt):
    ids = torch.tensor([[CLS] + prompt + [SEP] + [MASK] * ANSWER + [SEP]])
    begin = ids.tolist()[0]
    steps = []
    while (ids == MASK).any():
        found = logits(family, network, ids).double()[0]
        found[:, MASK] = -torch.inf
        p = torch.softmax(found, -1)
        best, token = p.max(-1)
        open_places = torch.where(ids[0] == MASK, best, -1.0)
        place = int(open_places.argmax())
        two = open_places.topk(2).values
        if two[0] - two[1] < 1e-4:                                      # rounding would decide
            return None
        ids[0, place] = token[place]
        steps.append([int(token[place]), place])
    return {"mask": MASK, "ids": begin, "steps": steps}


def main():
    out = pathlib.Path(sys.argv[1])
    networks = {"bert": T.BertForMaskedLM.from_pretrained(out / "bert").eval(),
                "modernbert": T.ModernBertForMaskedLM.from_pretrained(out / "modernbert").eval(),
                "dream": dream(out / "dream")}
    generator = torch.Generator().manual_seed(1)
    prompts = [torch.randint(3, MASK, (3 + n % 5,), generator=generator).tolist() for n in range(200)]
    golden = {}
    for family, network in networks.items():
        golden[family] = list(itertools.islice(filter(None, (iter_mask_decode(family, network, prompt)
                                                             for prompt in prompts)), 2))
    (out / "mask_decode.json").write_text(json.dumps(golden) + "\n")


main()
