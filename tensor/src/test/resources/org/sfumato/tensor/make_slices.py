"""What Python's slices select: slices.txt, lines `from to step: indices` for a list of four. Run beside it (Python 3)."""
with open("slices.txt", "w") as f:
    for start in range(-6, 7):
        for stop in list(range(-6, 7)) + [None]:
            for step in (-3, -2, -1, 1, 2, 3):
                if stop is None and step > 0:
                    continue
                picked = [0, 1, 2, 3][start:stop:step]
                f.write(f"{start} {'first' if stop is None else stop} {step}: {' '.join(map(str, picked))}\n")
