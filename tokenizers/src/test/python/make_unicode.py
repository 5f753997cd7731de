"""Writes unicode.txt: which characters Hugging Face's `tokenizers` takes for punctuation, marks and so on, asked of the library.

Its tables are of several Unicode versions (8 for punctuation and marks, about 12 for decomposition, 17 for lower case and digits), none of
them Java's. Run: python make_unicode.py > ../../main/resources/org/sfumato/tokenizers/pipeline/unicode.txt
"""
import unicodedata

import tokenizers
from tokenizers import normalizers as N
from tokenizers import pre_tokenizers as P

ALL = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(points):
    runs = []
    for c in sorted(points):
        if runs and runs[-1][1] == c - 1:
            runs[-1][1] = c
        else:
            runs.append([c, c])
    return " ".join("%x" % a if a == b else "%x-%x" % (a, b) for a, b in runs)


def changed(normalizer):
    return {c: v for c in ALL if (v := normalizer.normalize_str(chr(c))) != chr(c)}


def isolated(pre):
    return {c for c in ALL if len(pre.pre_tokenize_str("a" + chr(c) + "a")) == 3}


def bert(**on):
    flags = dict(clean_text=False, handle_chinese_chars=False, strip_accents=False, lowercase=False)
    return N.BertNormalizer(**(flags | on))


nfd, nfkd = changed(N.NFD()), changed(N.NFKD())
print("# from make_unicode.py, tokenizers", tokenizers.__version__)
print("punctuation", ranges(isolated(P.BertPreTokenizer())))
print("mark", ranges(changed(N.StripAccents())))
print("nonspacing", ranges(c for c, v in changed(bert(strip_accents=True)).items() if v == ""))
print("control", ranges(c for c, v in changed(bert(clean_text=True)).items() if v == ""))
cut = P.UnicodeScripts().pre_tokenize_str
print("scripted", ranges(c for c in ALL if len(cut("a" + chr(c))) == 2 or len(cut("\u03b1" + chr(c))) == 2))
print("numeric", ranges(isolated(P.Digits(individual_digits=True))))
print("canonical", ranges(nfd))
print("compatible", ranges(nfkd))
# a class above 0 shows where a mark is moved past one of class 232 or behind one of class 1
f = N.NFD()
moved = [c for c in ALL if c not in nfd and (f.normalize_str("a\u0315" + chr(c)) != "a\u0315" + chr(c)
                                             or f.normalize_str("a" + chr(c) + "\u0334") != "a" + chr(c) + "\u0334")]
classes = {}
for c in moved:
    classes.setdefault(unicodedata.combining(chr(c)), []).append(c)
classes.setdefault(232, []).append(0x315)
classes.setdefault(1, []).append(0x334)
for value in sorted(classes):
    print("class%d" % value, ranges(set(classes[value])))
lower = changed(N.Lowercase())
print("lower", " ".join("%x=%x" % (c, ord(v)) for c, v in lower.items() if len(v) == 1 and unicodedata.category(chr(c)) == "Cn"))
