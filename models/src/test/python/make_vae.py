"""Twins of the variational autoencoders on frozen language models, in PyTorch and PEFT, on the small networks of
make_pretrained.py: what they compute and the gradients of their losses.

    python make_vae.py RESOURCES        RESOURCES: resources/org/sfumato/models

RESOURCES/vae/ldlm: two adapters of the LLaMA as PEFT saves them (encoder/, decoder/), vae.safetensors with f, w_e and w_d,
and expected.safetensors: a batch, the posterior means, the losses of each token, the loss and its gradients.
RESOURCES/vae/adavae.safetensors: the same of AdaVAE on the GPT-2, whose blocks are written out here on its weights.
RESOURCES/vae/adavae_injections.safetensors: of each other way for the latent into the decoder, KIND/..., the parameters of
that way, losses, the loss, and the gradients of its parameters and of four others; all else as in adavae.safetensors.
RESOURCES/vae/pooled.safetensors: soft tokens from the mean of the GPT-2's hidden states.
RESOURCES/vae/scratch.safetensors: the autoencoder that stands on no language model, all of it.
Made with PEFT 0.21, transformers 5.18 and PyTorch 2.13.
"""

import json
import pathlib
import shutil
import sys

import peft
import torch
import torch.nn.functional as F
import transformers as T
from safetensors.torch import save_file

ORIGIN = {"origin": "make_vae.py, PyTorch " + torch.__version__}
CONTEXT, LATENT = 6, 5


def batch():
    """Prefixes and spans of six tokens: the second row has no prefix, the third a short one, and a span that ends."""
    g = torch.Generator().manual_seed(7)
    prefix = torch.randint(3, 61, (3, CONTEXT), generator=g)
    span = torch.randint(3, 61, (3, CONTEXT), generator=g)
    before = torch.ones(3, CONTEXT, dtype=torch.bool)
    present = torch.ones(3, CONTEXT, dtype=torch.bool)
    before[1] = False
    before[2, :4] = False
    present[2, 4:] = False
    return prefix * before, before, span * present, present, torch.randn(3, 1, LATENT, generator=g)


def both_ways(present):
    """Every position sees all that are present: (B, 1, T, T), to be added to scores."""
    b, t = present.shape
    mask = torch.where(present, 0.0, torch.finfo(torch.float32).min)
    return mask[:, None, None, :].expand(b, 1, t, t)


def grouped(named):
    return {name: tensor.detach().contiguous() for name, tensor in named.items()}


def ldlm(resources):
    torch.manual_seed(11)
    out = resources / "vae/ldlm"
    base = T.AutoModelForCausalLM.from_pretrained(resources / "pretrained/llama", attn_implementation="eager").eval()
    config = peft.LoraConfig(r=3, lora_alpha=6, target_modules="all-linear", task_type="CAUSAL_LM")
    model = peft.get_peft_model(base, config, adapter_name="encoder").eval()
    model.add_adapter("decoder", config)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if "lora_" in name:
                p.copy_(torch.randn_like(p) * 0.2)
    width = base.config.hidden_size
    f, w_e, w_d = torch.nn.Linear(width, 1), torch.nn.Linear(width, LATENT), torch.nn.Linear(LATENT, width)
    own = {f"{n}.{k}": p for n, m in (("f", f), ("w_e", w_e), ("w_d", w_d)) for k, p in m.named_parameters()}

    prefix, before, span, present, eps = batch()
    llama = model.get_base_model()
    read, seen = span[:, :-1], present[:, :-1]                          # the last token is not shown to the encoder
    model.set_adapter("encoder")
    h = llama.model(input_ids=read, attention_mask=both_ways(seen)).last_hidden_state
    scores = f(h).squeeze(-1) + torch.where(seen, 0.0, torch.finfo(torch.float32).min)
    weights = scores.softmax(-1)
    mean = w_e((weights[..., None] * h).sum(1))
    z = mean + eps[:, 0]
    model.set_adapter("decoder")
    for name, p in model.named_parameters():                            # set_adapter freezes the other one
        p.requires_grad_("lora_" in name)
    soft = w_d(z)[:, None]
    ids = torch.cat([prefix, span[:, :-1]], 1)
    embeds = torch.cat([soft, llama.get_input_embeddings()(ids)], 1)
    mask = torch.cat([torch.ones(3, 1, dtype=torch.bool), before, present[:, :-1]], 1)
    logits = llama(inputs_embeds=embeds, attention_mask=mask.long()).logits[:, CONTEXT:]
    losses = F.cross_entropy(logits.transpose(1, 2), span, reduction="none") * present
    tokens, beta = present.sum(), 0.01
    loss = losses.sum() / tokens + beta * mean.square().sum() / 2 / tokens
    loss.backward()

    for name in ("encoder", "decoder"):
        model.peft_config[name].base_model_name_or_path = "llama"
    if out.exists():
        shutil.rmtree(out)
    model.save_pretrained(out)
    (out / "README.md").unlink()
    for name in ("encoder", "decoder"):
        for config in (out / name).glob("*.json"):                      # a set, in an order that changes
            tree = json.loads(config.read_text())
            tree["target_modules"] = sorted(tree["target_modules"])
            config.write_text(json.dumps(tree, indent=2) + "\n")
    save_file(grouped(own), out / "vae.safetensors", metadata=ORIGIN)
    expected = {"prefix": prefix, "before": before, "span": span, "present": present, "eps": eps, "weights": weights,
                "mean": mean, "losses": losses, "loss": loss, "kl": mean.square().sum(1) / 2}
    for name, p in own.items():
        expected["gradient." + name] = p.grad
    for name, p in model.named_parameters():
        if "lora_" in name:
            adapter = "encoder" if ".encoder." in name else "decoder"
            short = name.replace("base_model.model.", "").replace("." + adapter, "").replace(".weight", "")
            expected[f"gradient.{adapter}.{short}"] = p.grad if p.grad is not None else torch.zeros_like(p)
    save_file(grouped(expected), out / "expected.safetensors", metadata=ORIGIN)


def adavae(resources):
    torch.manual_seed(12)
    gpt = T.AutoModelForCausalLM.from_pretrained(resources / "pretrained/gpt2").eval()
    width, heads, layers, read_layers, hidden, start = 16, 2, 3, 2, 4, 2
    size = width // heads
    p = {}

    def add(name, *shape, scale=0.2):
        p[name] = (torch.randn(*shape) * scale).requires_grad_()

    for side, count in (("encoder", read_layers), ("decoder", layers)):
        for i in range(count):
            at = f"{side}.blocks.{i}."
            for norm, theirs in (("attentionNorm", "ln_1"), ("mlpNorm", "ln_2")):
                own = getattr(gpt.transformer.h[i], theirs)
                p[f"{at}{norm}.weight"] = (own.weight.detach() + torch.randn(width) * 0.1).requires_grad_()
                p[f"{at}{norm}.bias"] = (own.bias.detach() + torch.randn(width) * 0.1).requires_grad_()
            for layer, o, n in (("down", hidden, width), ("up", width, hidden)):
                add(f"{at}adapter.{layer}.weight", o, n)
                add(f"{at}adapter.{layer}.bias", o)
        p[f"{side}.norm.weight"] = torch.ones(width).add(torch.randn(width) * 0.1).requires_grad_()
        p[f"{side}.norm.bias"] = (torch.randn(width) * 0.1).requires_grad_()
    add("pooling.score.weight", 1, width)
    add("pooling.score.bias", 1)
    for name in ("mean", "logVariance"):
        add(name + ".weight", LATENT, width)
        add(name + ".bias", LATENT)
    add("up.weight", width, LATENT)
    for i in range(layers):
        add(f"keyValues.{i}.weight", 2 * width, width)
        add(f"keyValues.{i}.bias", 2 * width)

    def split(x):
        return x.view(x.shape[0], x.shape[1], heads, size).transpose(1, 2)

    def stream(side, count, ids, places, mask, z, kind=None):
        """mask (B, T, S) true where seen; z of the decoder: (B, D)."""
        x = gpt.transformer.wte(ids) + gpt.transformer.wpe(places)
        x = x + F.linear(z, p["INPUT/up.weight"])[:, None] if kind == "INPUT" else x
        for i in range(count):
            block, at = gpt.transformer.h[i], f"{side}.blocks.{i}."
            n = F.layer_norm(x, (width,), p[at + "attentionNorm.weight"], p[at + "attentionNorm.bias"], 1e-5)
            q, k, v = map(split, block.attn.c_attn(n).split(width, 2))
            if kind in ("ATTENTION", "MEMORY"):
                if kind == "ATTENTION":
                    raised = F.linear(z, p["up.weight"])[:, None]
                    own = F.linear(raised, p[f"keyValues.{i}.weight"], p[f"keyValues.{i}.bias"])
                    own_k, own_v = own.split(width, 2)
                else:
                    own_k = own_v = F.linear(z, p["MEMORY/memory.weight"])[:, None, i * width:(i + 1) * width]
                k, v = torch.cat([split(own_k), k], 2), torch.cat([split(own_v), v], 2)
            scores = (q @ k.transpose(2, 3) / size ** 0.5).masked_fill(~mask[:, None], -1e30)
            y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
            x = x + block.attn.c_proj(y)
            m = block.mlp(F.layer_norm(x, (width,), p[at + "mlpNorm.weight"], p[at + "mlpNorm.bias"], 1e-5))
            inner = F.linear(x, p[at + "adapter.down.weight"], p[at + "adapter.down.bias"])
            if kind == "ADAPTERS":                                      # one linear layer of [x ; z]
                both = torch.cat([p[at + "adapter.down.weight"], p[f"ADAPTERS/maps.{i}.weight"]], 1)
                read = torch.cat([x, z[:, None].expand(-1, x.shape[1], -1)], 2)
                inner = F.linear(read, both, p[at + "adapter.down.bias"])
            inner = inner.relu()
            x = x + F.linear(inner, p[at + "adapter.up.weight"], p[at + "adapter.up.bias"])
            x = x + m
        return F.layer_norm(x, (width,), p[side + ".norm.weight"], p[side + ".norm.bias"], 1e-5)

    prefix, before, span, present, eps = batch()
    t = span.shape[1]
    h = stream("encoder", read_layers, span, torch.arange(t).expand(3, t), present[:, None].expand(3, t, t), None)
    scores = F.linear(h, p["pooling.score.weight"], p["pooling.score.bias"]).squeeze(-1).relu() / width ** 0.5
    weights = scores.masked_fill(~present, float("-inf")).softmax(-1)
    pooled = (weights[..., None] * h).sum(1)
    mean = F.linear(pooled, p["mean.weight"], p["mean.bias"])
    log_variance = F.linear(pooled, p["logVariance.weight"], p["logVariance.bias"])
    z = mean + (log_variance / 2).exp() * eps[:, 0]
    ids = torch.cat([prefix, torch.full((3, 1), start), span[:, :-1]], 1)
    there = torch.cat([before, torch.ones(3, 1, dtype=torch.bool), present[:, :-1]], 1)
    n = ids.shape[1]
    places = (there.cumsum(1) - 1).clamp(min=0)
    earlier = torch.ones(n, n).tril().bool() & there[:, None]
    kl = (mean.square() + log_variance.exp() - log_variance - 1).sum(1) / 2

    def loss_of(kind):
        behind = torch.cat([torch.ones(3, n, 1, dtype=torch.bool), earlier], 2)
        x = stream("decoder", layers, ids, places, behind if kind in ("ATTENTION", "MEMORY") else earlier, z, kind)
        logits = gpt.lm_head(x[:, CONTEXT:])
        logits = logits + F.linear(z, p["LOGITS/map.weight"])[:, None] if kind == "LOGITS" else logits
        losses = F.cross_entropy(logits.transpose(1, 2), span, reduction="none") * present
        return losses, losses.sum() / present.sum() + 0.7 * torch.maximum(kl.mean(), torch.tensor(0.05 * LATENT))

    losses, loss = loss_of("ATTENTION")
    loss.backward(retain_graph=True)
    expected = {"prefix": prefix, "before": before, "span": span, "present": present, "eps": eps, "mean": mean,
                "logVariance": log_variance, "losses": losses, "loss": loss, "kl": kl}
    for name, value in p.items():
        expected["parameter." + name] = value
        expected["gradient." + name] = value.grad
    save_file(grouped(expected), resources / "vae/adavae.safetensors", metadata=ORIGIN)

    add("INPUT/up.weight", width, LATENT)
    add("MEMORY/memory.weight", layers * width, LATENT)
    add("LOGITS/map.weight", gpt.lm_head.out_features, LATENT)
    for i in range(layers):
        add(f"ADAPTERS/maps.{i}.weight", hidden, LATENT)
    shared = ["mean.weight", "logVariance.bias", "decoder.blocks.0.adapter.down.weight",
              "decoder.blocks.1.attentionNorm.weight"]
    others = {}
    for kind in ("INPUT", "MEMORY", "LOGITS", "ADAPTERS"):
        own = [name for name in p if name.startswith(kind)]
        losses, loss = loss_of(kind)
        gradients = torch.autograd.grad(loss, [p[name] for name in own + shared], retain_graph=True)
        others[kind + "/losses"], others[kind + "/loss"] = losses, loss
        for name, gradient in zip(own + shared, gradients):
            others[f"{kind}/gradient." + name.removeprefix(kind + "/")] = gradient
        for name in own:
            others[f"{kind}/parameter." + name.removeprefix(kind + "/")] = p[name]
    save_file(grouped(others), resources / "vae/adavae_injections.safetensors", metadata=ORIGIN)


def scratch(resources):
    """Both transformers written out: RMSNorm, of queries and keys too, rotary halves, SwiGLU, biases in the maps alone."""
    torch.manual_seed(13)
    vocabulary, n, latent, width, layers, heads, inner = 61, 2, 3, 8, 2, 2, 24
    size = width // heads
    p = {}

    def add(name, *shape, centre=0.0, scale=0.3):
        p[name] = (centre + torch.randn(*shape) * scale).requires_grad_()

    def transformer(side):
        add(f"{side}.token.weight", vocabulary + 1, width)
        for i in range(layers):
            at = f"{side}.blocks.{i}."
            for norm in ("attentionNorm", "mlpNorm"):
                add(f"{at}{norm}.weight", width, centre=1.0, scale=0.1)
            add(f"{at}attention.qkv.weight", 3 * width, width)
            add(f"{at}attention.output.weight", width, width)
            for norm in ("queryNorm", "keyNorm"):
                add(f"{at}attention.{norm}.weight", size, centre=1.0, scale=0.1)
            add(f"{at}mlp.up.weight", 2 * inner, width)
            add(f"{at}mlp.down.weight", width, inner)
        add(f"{side}.norm.weight", width, centre=1.0, scale=0.1)

    transformer("encoder")
    transformer("decoder")
    add("decoder.head.weight", vocabulary + 1, width)
    add("queries", n, width)
    for name, o, i in (("mean", latent, width), ("logVariance", latent, width), ("up", width, latent)):
        add(name + ".weight", o, i)
        add(name + ".bias", o)

    def rms(x, name):
        return x * torch.rsqrt(x.square().mean(-1, keepdim=True) + 1e-6) * p[name]

    def rotate(x, places):
        half = size // 2
        a = places[:, None] * 10000.0 ** (-torch.arange(half) / half)
        z = torch.complex(x[..., :half], x[..., half:]) * torch.polar(torch.ones_like(a), a)
        return torch.cat([z.real, z.imag], -1)

    def split(x):
        return x.view(x.shape[0], x.shape[1], heads, size).transpose(1, 2)

    def stream(side, x, mask):
        places = torch.arange(x.shape[1]).float()
        for i in range(layers):
            at = f"{side}.blocks.{i}."
            q, k, v = map(split, F.linear(rms(x, at + "attentionNorm.weight"), p[at + "attention.qkv.weight"]).chunk(3, 2))
            q, k = rms(q, at + "attention.queryNorm.weight"), rms(k, at + "attention.keyNorm.weight")
            q, k = rotate(q, places), rotate(k, places)
            scores = (q @ k.mT / size ** 0.5).masked_fill(~mask[:, None], -1e30)
            y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(x.shape)
            x = x + F.linear(y, p[at + "attention.output.weight"])
            gate, value = F.linear(rms(x, at + "mlpNorm.weight"), p[at + "mlp.up.weight"]).chunk(2, -1)
            x = x + F.linear(F.silu(gate) * value, p[at + "mlp.down.weight"])
        return rms(x, f"{side}.norm.weight")

    prefix, before, span, present, _ = batch()
    eps = torch.randn(3, n, latent)
    b, t = span.shape
    x = torch.cat([F.embedding(span, p["encoder.token.weight"]), p["queries"].expand(b, n, width)], 1)
    there = torch.cat([present, torch.ones(b, n, dtype=torch.bool)], 1)
    h = stream("encoder", x, there[:, None].expand(b, t + n, t + n))[:, t:]
    mean = F.linear(h, p["mean.weight"], p["mean.bias"])
    log_variance = F.linear(h, p["logVariance.weight"], p["logVariance.bias"])
    z = mean + (log_variance / 2).exp() * eps
    ids = torch.cat([prefix, span[:, :-1]], 1)
    soft = F.linear(z, p["up.weight"], p["up.bias"])
    x = torch.cat([soft, F.embedding(ids, p["decoder.token.weight"])], 1)
    there = torch.cat([torch.ones(b, n, dtype=torch.bool), before, present[:, :-1]], 1)
    m = there.shape[1]
    h = stream("decoder", x, torch.ones(m, m).tril().bool() & there[:, None])[:, n + CONTEXT - 1:]
    logits = F.linear(h, p["decoder.head.weight"])[..., :vocabulary]    # what hides a word is never written
    losses = F.cross_entropy(logits.transpose(1, 2), span, reduction="none") * present
    kl = (mean.square() + log_variance.exp() - log_variance - 1).sum((1, 2)) / 2
    loss = losses.sum() / present.sum() + 0.3 * kl.sum() / present.sum()
    loss.backward()
    expected = {"prefix": prefix, "before": before, "span": span, "present": present, "eps": eps, "mean": mean,
                "logVariance": log_variance, "losses": losses, "loss": loss, "kl": kl}
    for name, value in p.items():
        expected["parameter." + name] = value
        expected["gradient." + name] = value.grad
    save_file(grouped(expected), resources / "vae/scratch.safetensors", metadata=ORIGIN)


def pooled(resources):
    torch.manual_seed(14)
    gpt = T.AutoModelForCausalLM.from_pretrained(resources / "pretrained/gpt2").eval().requires_grad_(False)
    width, prefix_length, noise = gpt.config.n_embd, 3, 0.3
    hidden, soft = torch.nn.Linear(width, 6), torch.nn.Linear(6, prefix_length * width)
    prefix, before, span, present, _ = batch()
    eps = torch.randn(3, 1, width)
    h = gpt.transformer(input_ids=span, attention_mask=present.long()).last_hidden_state
    mean = (h * present[..., None]).sum(1) / present.sum(1, keepdim=True)
    z = mean + noise * eps[:, 0]
    tokens = soft(torch.tanh(hidden(z))).view(3, prefix_length, width)
    ids = torch.cat([prefix, span[:, :-1]], 1)
    mask = torch.cat([torch.ones(3, prefix_length, dtype=torch.bool), before, present[:, :-1]], 1)
    places = torch.arange(mask.shape[1])[None].expand(mask.shape)
    embeds = torch.cat([tokens, gpt.transformer.wte(ids)], 1)
    logits = gpt(inputs_embeds=embeds, attention_mask=mask.long(), position_ids=places).logits
    logits = logits[:, prefix_length + CONTEXT - 1:]
    losses = F.cross_entropy(logits.transpose(1, 2), span, reduction="none") * present
    loss = losses.sum() / present.sum()
    loss.backward()
    variance = torch.tensor(noise ** 2)
    expected = {"prefix": prefix, "before": before, "span": span, "present": present, "eps": eps, "mean": mean,
                "losses": losses, "loss": loss, "kl": (mean.square() + variance - variance.log() - 1).sum(1) / 2}
    for module, layer in (("hidden", hidden), ("soft", soft)):
        for name, value in layer.named_parameters():
            expected[f"parameter.{module}.{name}"], expected[f"gradient.{module}.{name}"] = value, value.grad
    save_file(grouped(expected), resources / "vae/pooled.safetensors", metadata=ORIGIN)


if __name__ == "__main__":
    ldlm(pathlib.Path(sys.argv[1]))
    adavae(pathlib.Path(sys.argv[1]))
    scratch(pathlib.Path(sys.argv[1]))
    pooled(pathlib.Path(sys.argv[1]))
