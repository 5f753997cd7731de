"""Writes the fixtures of org.sfumato.models.data: Parquet by pyarrow, CSV by Python's csv module, compressed text.

    pip install pyarrow==25.0.1
    python make_data.py

Into ../resources/org/sfumato/models/data. `expected.json` says which documents each file holds, in order. The texts are
made here.
"""
import csv
import gzip
import io
import json
import random
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

OUT = Path(__file__).parent.parent / "resources/org/sfumato/models/data"
WORDS = ["the", "mist", "löst", "sich", "auf", "und", "гора", "стоит", "山", "です", "🌫️", "a", "form", "emerges",
         '"quoted"', "comma,", "tab\t", "line\nbreak", "carriage\r\nreturn", "don't", "e\u0301"]


def text(rng, words):
    return " ".join(rng.choice(WORDS) for _ in range(words))


def documents(seed, count, nulls=True):
    rng = random.Random(seed)
    out = []
    for i in range(count):
        kind = rng.random()
        if nulls and kind < 0.1:
            out.append(None)
        elif nulls and kind < 0.15:
            out.append("")
        elif kind < 0.4:
            out.append("one of a few texts, %d" % rng.randrange(3))        # so that a dictionary pays
        else:
            out.append(text(rng, 1 + rng.randrange(12)))
    return out


def kept(texts):
    return [[i + 1, t] for i, t in enumerate(texts) if t is not None and t.strip()]


expected = {}


def parquet(name, texts, table=None, **options):
    table = pa.table({"id": list(range(len(texts))), "text": texts}) if table is None else table
    pq.write_table(table, OUT / name, **options)
    expected[name] = kept(texts)


parquet("snappy.parquet", documents(1, 700), compression="snappy", row_group_size=150, data_page_size=512)
parquet("zstd.parquet", documents(2, 300), compression="zstd", row_group_size=100, data_page_version="2.0")
parquet("gzip.parquet", documents(3, 300), compression="gzip", use_dictionary=False)
parquet("plain.parquet", documents(4, 80), compression="none", use_dictionary=False)
parquet("delta.parquet", documents(5, 200), compression="snappy", use_dictionary=False,
        column_encoding={"text": "DELTA_BYTE_ARRAY", "id": "PLAIN"})
parquet("delta_length.parquet", documents(6, 200), compression="zstd", use_dictionary=False,
        column_encoding={"text": "DELTA_LENGTH_BYTE_ARRAY", "id": "PLAIN"}, data_page_version="2.0")
texts = documents(7, 60, nulls=False)
schema = pa.schema([pa.field("text", pa.string(), nullable=False)])
parquet("required.parquet", texts, pa.table({"text": texts}, schema=schema))
texts = documents(8, 60)
nested = pa.array([None if t == "" else {"text": t, "words": (t or "").split()} for t in texts],
                  pa.struct([("text", pa.large_string()), ("words", pa.list_(pa.string()))]))
parquet("nested.parquet", texts, pa.table({"meta": nested}))
parquet("empty.parquet", [], pa.table({"text": pa.array([], pa.string())}))

latin = pa.array(["fine".encode(), "\ufffd is a character".encode(), None, b"caf\xe9"], pa.binary()).view(pa.string())
pq.write_table(pa.table({"text": latin}), OUT / "latin.parquet")             # its fourth row is not UTF-8


def table(name, texts, delimiter, **options):
    """Remembers the line at which each row begins: that of the file, as the reader counts."""
    lines, rows = io.StringIO(newline=""), []
    writer = csv.writer(lines, delimiter=delimiter, **options)
    writer.writerow(["id", "text", "more, or\nless"])
    for i, t in enumerate(texts):
        start = len(lines.getvalue().replace("\r\n", "\n").replace("\r", "\n").split("\n"))
        writer.writerow([i, t, "x"])
        if t is not None and t.strip():
            rows.append([start, t])
    (OUT / name).write_bytes(lines.getvalue().encode())
    expected[name] = rows


table("excel.csv", documents(9, 150), ",")
table("all_quoted.csv", documents(10, 60), ",", quoting=csv.QUOTE_ALL, lineterminator="\n")
table("tabs.tsv", documents(11, 60), "\t")

lines = [text(random.Random(12 + i), 6).replace("\n", " ").replace("\r", " ") for i in range(200)]
raw = "\n".join(lines).encode()
(OUT / "lines.txt.gz").write_bytes(gzip.compress(raw, mtime=0))
frames = [raw[i:i + 4000] for i in range(0, len(raw), 4000)]               # several frames, as pzstd writes them
(OUT / "lines.txt.zst").write_bytes(b"".join(pa.Codec("zstd").compress(f, asbytes=True) for f in frames))
expected["lines.txt.gz"] = expected["lines.txt.zst"] = kept(lines)

(OUT / "expected.json").write_text(json.dumps(expected, ensure_ascii=False, indent=None) + "\n")
