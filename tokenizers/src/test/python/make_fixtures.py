"""Small tokenizers of each family and what Hugging Face's `tokenizers` makes of texts, for FamiliesTest.

    python make_fixtures.py [folder of shared data]

writes, below ../resources/org/sfumato/tokenizers:
  families.json.gz   name -> tokenizer.json, trained on the words below
  cases.json         name -> [text, ids, tokens, offsets in code points, type ids, decoded, decoded with special tokens]
  random.txt         name, then for each 100 of 10,000 random texts a hash of ids, offsets and decoded text
  corpus.txt         the words
  random-shared.txt  the same as random.txt for the tokenizers of the shared data, where their folder is given
  training.txt       a hash of the merges learned from tiny-shakespeare, likewise
  random-pieces.txt  hashes of ids and decoded text by the library sentencepiece, likewise and where it is installed

The library's trainers do not give the same vocabulary twice in all families, so the files belong together.

Random texts come from a linear congruential generator that RandomTexts.java has too:
  state = state * 6364136223846793005 + 1442695040888963407 (mod 2^64), next(n) = (state >> 33) % n
"""
import base64
import gzip
import json
import os
import sys

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "resources", "org", "sfumato", "tokenizers")
RANGES = json.load(open(os.path.join(OUT, "alphabet.json"), encoding="utf-8"))
MASK = (1 << 64) - 1


class Texts:
    def __init__(self, seed):
        self.state = seed

    def next(self, n):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) & MASK
        return (self.state >> 33) % n

    def text(self):
        parts = []
        for _ in range(self.next(24)):
            if self.next(3) == 0:
                parts.append(RANGES["snippets"][self.next(len(RANGES["snippets"]))])
            else:
                low, high = RANGES["ranges"][self.next(len(RANGES["ranges"]))]
                parts.append("".join(chr(low + self.next(high - low + 1)) for _ in range(1 + self.next(4))))
        return "".join(parts)


CORPUS = (
    "It was the best of times, it was the worst of times, it was the age of wisdom, it was the age of foolishness. "
    "The quick brown fox doesn't jump over 12 lazy dogs; they're 3.14 times as quick! You've seen it, haven't you? "
    "Tous les êtres humains naissent libres et égaux en dignité et en droits. Ils sont doués de raison. "
    "Alle Menschen sind frei und gleich an Würde und Rechten geboren. Straße, Größe, Übermut. "
    "Все люди рождаются свободными и равными в своём достоинстве и правах. "
    "人人生而自由，在尊严和权利上一律平等。 すべての人間は、生まれながらにして自由である。 "
    "def f(x):\n    return x * 2  # twice\n\n").splitlines(keepends=True) * 3


def bpe(size, pre, normalizer=None, **options):
    t = Tokenizer(models.BPE(**{k: v for k, v in options.items() if k in
                                ("unk_token", "fuse_unk", "byte_fallback", "ignore_merges", "end_of_word_suffix",
                                 "continuing_subword_prefix")}))
    if normalizer:
        t.normalizer = normalizer
    if pre:
        t.pre_tokenizer = pre
    t.train_from_iterator(CORPUS, trainers.BpeTrainer(
        vocab_size=size, show_progress=False, special_tokens=options.get("special", []),
        initial_alphabet=options.get("alphabet", []),
        **{k: options[k] for k in ("end_of_word_suffix", "continuing_subword_prefix") if k in options}))
    return t


def template(t, single, pair, names):
    t.post_processor = processors.TemplateProcessing(single=single, pair=pair,
                                                     special_tokens=[(n, t.token_to_id(n)) for n in names])


def gpt2():
    t = bpe(500, pre_tokenizers.ByteLevel(add_prefix_space=False), alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special=["<|endoftext|>"])
    t.decoder, t.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    return t


def roberta():
    t = bpe(450, pre_tokenizers.ByteLevel(add_prefix_space=True), alphabet=pre_tokenizers.ByteLevel.alphabet(),
            special=["<s>", "<pad>", "</s>"])
    t.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    t.decoder = decoders.ByteLevel()
    t.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), trim_offsets=True, add_prefix_space=True)
    return t


def llama3():
    rule = ("(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|"
            "\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+")
    t = bpe(480, pre_tokenizers.Sequence([pre_tokenizers.Split(Regex(rule), "isolated"),
                                          pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]),
            alphabet=pre_tokenizers.ByteLevel.alphabet(), special=["<|begin|>", "<|end|>"], ignore_merges=True)
    template(t, "<|begin|> $A", "<|begin|> $A <|begin|>:1 $B:1", ["<|begin|>"])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), t.post_processor])
    t.decoder = decoders.ByteLevel()
    return t


def llama2():
    special = ["<unk>", "<s>", "</s>"] + ["<0x%02X>" % b for b in range(256)]
    t = bpe(700, None, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), special=special,
            unk_token="<unk>", fuse_unk=True, byte_fallback=True)
    data = json.loads(t.to_str())
    data["added_tokens"] = [a for a in data["added_tokens"] if a["id"] < 3]
    t = Tokenizer.from_str(json.dumps(data))
    template(t, "<s> $A", "<s> $A <s> $B:1", ["<s>"])
    t.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(),
                                   decoders.Strip(" ", 1, 0)])
    return t


def modernbert():
    t = bpe(450, pre_tokenizers.ByteLevel(add_prefix_space=False), normalizers.NFC(),
            alphabet=pre_tokenizers.ByteLevel.alphabet(), special=["[CLS]", "[SEP]", "[PAD]"])
    t.add_special_tokens([AddedToken("[MASK]", lstrip=True, special=True)])
    t.add_tokens([AddedToken("   ", normalized=True), AddedToken("über", normalized=True, single_word=True),
                  AddedToken("\ufb01n", normalized=False, rstrip=True)])
    template(t, "[CLS] $A [SEP]", "[CLS] $A [SEP] $B [SEP]", ["[CLS]", "[SEP]"])
    t.decoder = decoders.ByteLevel()
    return t


def clip():
    t = bpe(420, pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex("'s|'t|'re|'ve|'m|'ll|'d|[\\p{L}]+|[\\p{N}]|[^\\s\\p{L}\\p{N}]+"), "removed",
                             invert=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]),
        normalizers.Sequence([normalizers.NFC(), normalizers.Replace(Regex("\\s+"), " "), normalizers.Lowercase()]),
        alphabet=pre_tokenizers.ByteLevel.alphabet(), end_of_word_suffix="</w>", special=["<|start|>", "<|end|>"],
        unk_token="<|end|>")
    t.post_processor = processors.RobertaProcessing(("<|end|>", 1), ("<|start|>", 0), trim_offsets=False,
                                                    add_prefix_space=False)
    t.decoder = decoders.BPEDecoder("</w>")
    return t


def characters():
    """No unknown token: characters without a token are left out. Few letters have one."""
    t = bpe(130, pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Digits(True),
                                          pre_tokenizers.Punctuation("merged_with_previous")]),
            normalizers.Sequence([normalizers.NFKD(), normalizers.StripAccents(), normalizers.Strip()]),
            continuing_subword_prefix="@@")
    return t


def bert(lower):
    t = Tokenizer(models.WordPiece(unk_token="[UNK]", max_input_chars_per_word=20))
    t.normalizer = normalizers.BertNormalizer(lowercase=lower, strip_accents=None if lower else True)
    t.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(
        vocab_size=420, show_progress=False, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]))
    t.post_processor = processors.BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    t.decoder = decoders.WordPiece()
    return t


def unigram(fallback):
    t = Tokenizer(models.Unigram())
    t.normalizer = normalizers.Sequence([normalizers.Nmt(), normalizers.NFKC(), normalizers.Replace(Regex(" {2,}"), " ")])
    t.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="first" if fallback else "always")
    special = ["<unk>", "<s>", "</s>"] + (["<0x%02X>" % b for b in range(256)] if fallback else [])
    t.train_from_iterator(CORPUS, trainers.UnigramTrainer(vocab_size=300 + len(special), show_progress=False,
                                                          special_tokens=special, unk_token="<unk>"))
    data = json.loads(t.to_str())
    data["model"]["byte_fallback"] = fallback
    data["added_tokens"] = [a for a in data["added_tokens"] if a["id"] < 3]
    t = Tokenizer.from_str(json.dumps(data))
    template(t, "$A </s>", "$A </s> $B </s>", ["</s>"])
    t.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace()]) if fallback else decoders.Metaspace()
    return t


def words():
    t = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    t.normalizer = normalizers.NFKC()
    t.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation("contiguous"),
                                               pre_tokenizers.Digits(False)])
    t.train_from_iterator(CORPUS, trainers.WordLevelTrainer(vocab_size=200, show_progress=False,
                                                            special_tokens=["[UNK]", "[PAD]"]))
    t.decoder = decoders.CTC(pad_token="[PAD]", word_delimiter_token="a")
    return t


def scripts():
    t = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    t.normalizer = normalizers.NFD()
    t.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.UnicodeScripts(), pre_tokenizers.Split("the", "merged_with_next"),
        pre_tokenizers.CharDelimiterSplit("x")])
    t.train_from_iterator(CORPUS, trainers.WordPieceTrainer(vocab_size=300, show_progress=False,
                                                            special_tokens=["[UNK]"]))
    t.decoder = decoders.WordPiece(cleanup=False)
    return t


FAMILIES = dict(gpt2=gpt2, roberta=roberta, llama3=llama3, llama2=llama2, modernbert=modernbert, clip=clip,
                characters=characters, bertuncased=lambda: bert(True), bertcased=lambda: bert(False),
                unigram=lambda: unigram(False), unigrambytes=lambda: unigram(True), wordlevel=words, scripts=scripts)
CASES = ["", " ", "Hello world", "  It's the   best\n\tof times ", "Überstraße naïve é e\u0301 \ufb01nd \u1100\u1161\u11a8",
         "人人生而自由 すべて カタカナー", "don't you've 12345 3.14!!! ... (a) [b]", "\U0001f600 \U0001f469\u200d\U0001f4bb \u2581x",
         "[MASK] <mask>   [CLS] </s> <s> <|endoftext|><|begin|>  \ufb01n  über xüberx", "x" * 60, "a\u0323\u0301\u0315b\u00adc\u200bd\ufeff",
         "\u0130I\u01c5 \u2160 \u00bd \u00b2 \u3000end"]


def digest(values):
    h = 0x811C9DC5
    for v in values:
        h = ((h ^ (v & 0xFFFFFFFF)) * 0x01000193) & 0xFFFFFFFF
    return "%08x" % h


def hashes(t):
    source = Texts(20250711)
    for _ in range(100):
        ids, offsets, text = [], [], []
        for _ in range(100):
            e = t.encode(source.text())
            ids += e.ids + [-1]
            offsets += [x for o in e.offsets for x in o] + e.type_ids + [-1]
            text += [ord(c) for c in t.decode(e.ids, skip_special_tokens=False)] + [-1]
        yield " ".join(digest(v) for v in (ids, offsets, text))


def random_lines(tokenizers_by_name):
    for name, t in tokenizers_by_name.items():
        yield name
        yield from hashes(t)


def pieces(root):
    import sentencepiece
    yield "# sentencepiece " + sentencepiece.__version__
    for name in PIECES:
        model = sentencepiece.SentencePieceProcessor(model_file=os.path.join(root, name))
        source = Texts(20250711)
        yield name
        for _ in range(100):
            ids, text = [], []
            for _ in range(100):
                e = model.encode(source.text())
                ids += e + [-1]
                text += [ord(c) for c in model.decode(e)] + [-1]
            yield " ".join(digest(v) for v in (ids, text))


PIECES = ["tok-sentencepiece/test_model.model", "tok-sentencepiece/test_ja_model.model",
          "tok-sentencepiece/hf/spiece.model", "tok-sentencepiece/hf/test_sentencepiece.model",
          "tok-sentencepiece/hf/test_sentencepiece_bpe.model", "w-babyllama105/tok105.model"]


def training(root):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    text = open(os.path.join(root, "text-tinyshakespeare/input.txt"), encoding="utf-8", newline="").read()
    t.train_from_iterator(text.split("\n"), trainers.BpeTrainer(
        vocab_size=2000, min_frequency=2, show_progress=False, special_tokens=["<|endoftext|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet()))
    return digest([ord(c) for m in json.loads(t.to_str())["model"]["merges"] for c in " ".join(m) + "\n"])


def case(t, text):
    e = t.encode(text)
    return [text, e.ids, e.tokens, e.offsets, e.word_ids, t.decode(e.ids), t.decode(e.ids, skip_special_tokens=False)]


def pair(t):
    e = t.encode(CASES[3], CASES[6])
    return [e.ids, e.type_ids, e.special_tokens_mask, e.offsets]


def fields(data):
    """The fields of a protobuf message: number, value."""
    at = 0

    def varint():
        nonlocal at
        value = shift = 0
        while True:
            b = data[at]
            at += 1
            value |= (b & 127) << shift
            shift += 7
            if b < 128:
                return value
    while at < len(data):
        tag = varint()
        if tag & 7 == 0:
            yield tag >> 3, varint()
        else:
            size = varint() if tag & 7 == 2 else 4
            yield tag >> 3, data[at:at + size]
            at += size


def t5(path):
    """A unigram model of SentencePiece with its precompiled map, as transformers converts it."""
    import struct
    data = open(path, "rb").read()
    vocab, charsmap = [], b""
    for number, value in fields(data):
        if number == 1:
            piece = dict(fields(value))
            vocab.append((piece[1].decode(), struct.unpack("<f", piece[2])[0] if 2 in piece else 0.0))
        elif number == 3:
            charsmap = dict(fields(value))[2]
    model = {"type": "Unigram", "unk_id": 0, "vocab": vocab, "byte_fallback": False}
    meta = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    return {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "pre_tokenizer": meta,
            "normalizer": {"type": "Sequence", "normalizers": [
                {"type": "Precompiled", "precompiled_charsmap": base64.b64encode(charsmap).decode()},
                {"type": "Replace", "pattern": {"Regex": " {2,}"}, "content": "▁"}]},
            "post_processor": None, "decoder": meta, "model": model}


def shared(root):
    j = os.path.join
    gpt2_real = Tokenizer(models.BPE.from_file(j(root, "tok-gpt2/encoder.json"), j(root, "tok-gpt2/vocab.bpe")))
    gpt2_real.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    gpt2_real.add_special_tokens(["<|endoftext|>"])
    gpt2_real.decoder, gpt2_real.post_processor = decoders.ByteLevel(), processors.ByteLevel(trim_offsets=False)
    bert_real = tokenizers.BertWordPieceTokenizer(j(root, "tok-bert/swift/bert-vocab.txt"), lowercase=True)
    bert_real._tokenizer.decoder = decoders.WordPiece()
    return {"tok-modernbert/tokenizer.json": Tokenizer.from_file(j(root, "tok-modernbert/tokenizer.json")),
            "tok-modernbert/gpt-neox-20B_tokenizer.json":
                Tokenizer.from_file(j(root, "tok-modernbert/gpt-neox-20B_tokenizer.json")),
            "tok-gpt2/encoder.json": gpt2_real, "tok-bert/swift/bert-vocab.txt": bert_real._tokenizer,
            "t5:tok-sentencepiece/test_model.model":
                Tokenizer.from_str(json.dumps(t5(j(root, "tok-sentencepiece/test_model.model"))))}


def main():
    made = {name: f() for name, f in FAMILIES.items()}
    with open(os.path.join(OUT, "corpus.txt"), "w", encoding="utf-8") as f:
        f.write("".join(CORPUS))
    blob = json.dumps({n: json.loads(t.to_str()) for n, t in made.items()}, ensure_ascii=False).encode()
    with open(os.path.join(OUT, "families.json.gz"), "wb") as f:
        f.write(gzip.compress(blob, mtime=0))
    with open(os.path.join(OUT, "cases.json"), "w", encoding="utf-8") as f:
        json.dump({"tokenizers": tokenizers.__version__, "cases": {n: [case(t, c) for c in CASES] for n, t in made.items()},
                   "pairs": {n: pair(t) for n, t in made.items()}}, f, separators=(",", ":"))
    with open(os.path.join(OUT, "random.txt"), "w") as f:
        f.write("\n".join(random_lines(made)) + "\n")
    if len(sys.argv) > 1:
        with open(os.path.join(OUT, "random-shared.txt"), "w") as f:
            f.write("\n".join(random_lines(shared(sys.argv[1]))) + "\n")
        with open(os.path.join(OUT, "training.txt"), "w") as f:
            f.write(training(sys.argv[1]) + "\n")
        with open(os.path.join(OUT, "random-pieces.txt"), "w") as f:
            f.write("\n".join(pieces(sys.argv[1])) + "\n")


main()
