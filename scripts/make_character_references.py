#!/usr/bin/env python3
"""Writes src/html/parser/references_table.hpp: the named character references of the HTML standard (section 13.5).

The list is Python's html.entities.html5, which is the standard's. Usage: scripts/make_character_references.py > FILE
"""
from html.entities import html5

HEAD = """// Made by scripts/make_character_references.py: the named character references (HTML standard, section 13.5).
#pragma once

#include <cstddef>

namespace meter::html::detail {

constexpr std::size_t reference_count = %d;

// Name and text by turns, each followed by a space. A name that ends in ';' is one only with it.
constexpr char reference_list[] =
"""
WIDTH = 118


def escaped(text):
    """A C++ string literal's inside; nothing invisible stays as it is."""
    out = ""
    for c in text:
        if c in '"\\':
            out += "\\" + c
        elif c in "\t\n":
            out += {"\t": "\\t", "\n": "\\n"}[c]
        elif " " < c < "\x7f":
            out += c
        else:
            out += "\\u%04x" % ord(c) if ord(c) < 0x10000 else "\\U%08x" % ord(c)
    return out


def main():
    names = sorted(name[:-1] for name in html5 if name.endswith(";"))
    for name, text in html5.items():
        assert name.rstrip(";").isalnum() and name.isascii() and " " not in text, name
        assert name.endswith(";") or html5[name + ";"] == text, name
    lines, line = [], ""
    for name in names:
        pair = name + ("" if name in html5 else ";") + " " + escaped(html5[name + ";"]) + " "
        if len(line) + len(pair) > WIDTH - 6:
            lines.append(line)
            line = ""
        line += pair
    lines.append(line)
    print(HEAD % len(names) + "\n".join('    "%s"' % text for text in lines) + ";\n")
    print("}  // namespace meter::html::detail")


if __name__ == "__main__":
    main()
