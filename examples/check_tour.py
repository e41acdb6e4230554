#!/usr/bin/python3
"""Fails when a C++ block of docs/tour.md is not, line for line, in the example that the text before it names."""

import pathlib
import re
import sys

EXAMPLES = pathlib.Path(__file__).resolve().parent
TOUR = EXAMPLES.parent / "docs" / "tour.md"


def main():
    text = TOUR.read_text(encoding="utf-8")
    sources = {path.name: path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.cpp")}
    name, wrong, blocks = None, 0, 0
    for found in re.finditer(r"\]\(\.\./examples/(\w+\.cpp)\)|^```cpp\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        if found[1]:
            name = found[1]
            continue
        blocks += 1
        if found[2] not in sources.get(name, ""):
            wrong += 1
            print(f"{TOUR.name}:{text.count(chr(10), 0, found.start()) + 1}: this block is not in {name}")
    unseen = sorted(set(sources) - set(re.findall(r"\.\./examples/(\w+\.cpp)", text)))
    for missing in unseen:
        print(f"{TOUR.name}: does not mention {missing}")
    print(f"{blocks} blocks, {wrong} wrong")
    return 1 if wrong or unseen or not blocks else 0


if __name__ == "__main__":
    sys.exit(main())
