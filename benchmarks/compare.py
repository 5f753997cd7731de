"""Runs `sfumato bench` and PyTorch's side of it (peer.py) in turn, and prints both as Markdown tables.

    python compare.py [step] [forward] [gemm] [ops] [decode] [--rounds N] [--threads N] [--python EXE]
                      [--config cpu|small|baby]

Without a name all are run. A figure is the median over the rounds; "speed" is PyTorch's time over ours: above 1, ours
is faster. Where EXE has no PyTorch, ours alone is printed. Progress and each line as it comes go to standard error.
"""

import argparse
import datetime
import pathlib
import re
import statistics
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
LAUNCHER = HERE.parent / "sfumato"
LINE = re.compile(r"(sfumato|torch) (\S+) (\S+) (\S+) (.+?): (.*)")
FIGURES = {  # as the lines name them
    "ms": r"median ([\d.]+) ms",
    "rate": r"([\d.]+ (?:G(?:FLOP|B)|tokens)/s)",
    "share": r"([\d]+ %) of peak",
    "peak": r"peak (\d+) MiB",
    "garbage": r"garbage (\d+) B/step",
    "faults": r"faults ([\d.]+)/step",
    "warm": r"((?:not )?warm after .*)",
}


def run(command):
    """The lines of a program: {name: {figure: text}}, and the first two words of a line."""
    found, version = {}, ""
    process = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    for text in process.stdout:
        print(text, end="", file=sys.stderr, flush=True)
        if match := LINE.match(text):
            version = " ".join(match.group(1, 2))
            figures = {key: re.search(pattern, match[6]) for key, pattern in FIGURES.items()}
            found[match[5]] = {key: hit[1] for key, hit in figures.items() if hit}
    if process.wait():
        sys.exit(f"compare: {' '.join(map(str, command))} ended with {process.returncode}")
    return found, version


def in_turn(what, options):
    """Ours and PyTorch's in turn: for each a list of what `run` gives, one for each round."""
    rest = ["--threads", options.threads]
    names = []
    if what in ("step", "forward"):
        rest += ["--config", options.one]
    elif what != "decode" and options.torch:
        listed = subprocess.run([LAUNCHER, "bench", what, "--list"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                text=True, check=True)
        names = listed.stdout.splitlines()
    ours, theirs = [], []
    for _ in range(options.rounds):
        ours.append(run([LAUNCHER, "bench", what, *rest]))
        if options.torch:
            theirs.append(run([options.python, HERE / "peer.py", what, *rest, *names]))
    return ours, theirs


def middle(rounds, name, key):
    return statistics.median(float(found[name][key].split()[0]) for found, _ in rounds)


def number(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def row(what, name, ours, theirs):
    last = ours[-1][0][name]
    mine = middle(ours, name, "ms")
    cells = [f"{what} {name}", number(mine)]
    if theirs and name in theirs[-1][0]:
        peer = middle(theirs, name, "ms")
        cells += [number(peer), f"{peer / mine:.2f}"]
    else:
        cells += ["-", "-"]
    cells += [last.get("rate", "-"), last.get("share", "-")]
    if what in ("step", "forward"):
        cells += [number(middle(ours, name, "peak")) if "peak" in last else "-",
                  number(middle(theirs, name, "peak")) if theirs and "peak" in theirs[-1][0][name] else "-",
                  last.get("garbage", "-"), last.get("faults", "-"), last.get("warm", "-").removeprefix("warm after ")]
    return "| " + " | ".join(cells) + " |"


def table(what, options):
    """The rows of one kind, and what was compared."""
    rows, versions = [], set()
    networks = what in ("step", "forward")
    for options.one in options.config if networks else [None]:
        ours, theirs = in_turn(what, options)
        versions |= {version for _, version in ours + theirs}
        rows += [row(what, name, ours, theirs) for name in ours[0][0]]
    head = ["what", "sfumato ms", "PyTorch ms", "speed", "rate", "of peak"]
    if networks:
        head += ["peak MiB", "PyTorch's", "garbage B/step", "faults/step", "warm after"]
    return ["| " + " | ".join(head) + " |", "|" + "---|" * len(head), *rows], versions


def has_torch(python):
    return subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", nargs="*", help="step, forward, gemm, ops, decode; without any, all of them")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--python", default=sys.executable, help="the Python that has PyTorch")
    parser.add_argument("--config", action="append", choices=["cpu", "small", "baby"])
    options = parser.parse_args()
    kinds = ["step", "forward", "gemm", "ops", "decode"]
    if unknown := set(options.what) - set(kinds):
        parser.error(f"no such thing to measure: {', '.join(unknown)}")
    options.config = options.config or ["cpu", "small", "baby"]
    options.torch = has_torch(options.python)
    if not options.torch:
        print(f"{options.python} has no PyTorch: ours alone\n")
    for what in options.what or kinds:
        rows, versions = table(what, options)
        print(f"{datetime.date.today()}, {', '.join(sorted(versions))}, {options.threads} threads, "
              f"{options.rounds} rounds in turn:\n", *rows, "", sep="\n", flush=True)


main()
