#!/usr/bin/env python3
"""Fails when conanfile.py, the table in docs/packaging.md, the CMake files and scripts/setup do not name the same things.

Reads the recipe's text only, so Conan need not be there.
"""
import ast
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def constant(tree, name):
    for node in tree.body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", None) == name for t in node.targets):
            return ast.literal_eval(node.value)
    raise SystemExit(f"conanfile.py has no {name}")


def table():
    """Rows of the dependency table: reference -> (target, Debian package, option)."""
    rows = {}
    for line in (ROOT / "docs/packaging.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 5 and re.fullmatch(r"`[\w-]+/.+`", cells[1]):
            rows[cells[1].strip("`")] = (cells[2].strip("`"), cells[3].split()[0], cells[4])
    return rows


def linked_targets():
    """Every imported target that src/ and server/ link."""
    text = "\n".join(p.read_text(encoding="utf-8") for top in ("src", "server")
                     for p in (ROOT / top).rglob("CMakeLists.txt"))
    text = re.sub(r"#.*", "", text)
    targets = set(re.findall(r"\b[A-Za-z]\w*::[\w-]+", text)) | set(re.findall(r"\b(?:rapidjson|SQLiteCpp)\b", text))
    return targets - {"meter::meter", "Threads::Threads", "PkgConfig::METER_HTTPLIB", "Python3::Interpreter"}


def main():
    wrong = []
    tree = ast.parse((ROOT / "conanfile.py").read_text(encoding="utf-8"))
    required = {}
    for name, versions, option, uses in constant(tree, "LIBRARY_REQUIREMENTS"):
        required[f"{name}/{versions}"] = option
        if uses.split("::")[0] != name:
            wrong.append(f"conanfile.py: {name} is used as {uses}")
    for name, versions in constant(tree, "SERVER_REQUIREMENTS"):
        required[f"{name}/{versions}"] = "server"
    rows = table()
    for reference in sorted(required.keys() | rows.keys()):
        if reference not in rows:
            wrong.append(f"docs/packaging.md does not have {reference}")
        elif reference not in required:
            wrong.append(f"conanfile.py does not have {reference}")
        elif rows[reference][2] != required[reference]:
            wrong.append(f"{reference}: option {required[reference]!r}, in the table {rows[reference][2]!r}")

    documented = {target for target, _, _ in rows.values()}
    linked = linked_targets()
    wrong += [f"docs/packaging.md does not have the target {t}" for t in sorted(linked - documented)]
    not_there = {target for target, _, option in rows.values() if option == "with_postgres"}
    wrong += [f"{t} is in docs/packaging.md, but nothing links it" for t in sorted(documented - linked - not_there)]

    setup = (ROOT / "scripts/setup").read_text(encoding="utf-8").split("if [", 1)[0]
    for reference, (_, package, option) in rows.items():
        if option != "with_postgres" and not re.search(rf"(?<![\w-]){re.escape(package)}(?![\w-])", setup):
            wrong.append(f"scripts/setup does not install {package}")

    recipe = (ROOT / "conanfile.py").read_text(encoding="utf-8")
    cmake = "\n".join(p.read_text(encoding="utf-8") for p in [ROOT / "CMakeLists.txt", *ROOT.glob("scripts/cmake/*")])
    for target in re.findall(r'"cmake_target_name", "(meter::[\w-]+)"', recipe):
        name = target.split("::")[1]
        if not re.search(rf"install\(TARGETS {re.escape(name)} ", cmake):
            wrong.append(f"conanfile.py: {target} is not installed by CMake")
    for variable in re.findall(r'cache_variables\["(METER_\w+)"\]', recipe):
        if f"option({variable} " not in cmake:
            wrong.append(f"conanfile.py sets {variable}, which is no option")
    for line in wrong:
        print(line)
    print(f"conan: {len(required)} requirements, {len(wrong)} wrong")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
