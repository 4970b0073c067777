"""Which functions of the product a process can come to, by name: read from the source, nothing is run.

A function is reached where an edge of the product (command line, ingest, schedule, web) names it, or something that is
reached does. What only tests call is not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

Named = tuple[str, str]
"""A module and a name at its top."""

PRODUCT = ("devices", "tracker")
EDGES = ("tracker.cli.", "tracker.ingest.", "tracker.schedule.", "tracker.web.")


class Source:
    """The modules under a folder, and what each name at their top refers to."""

    def __init__(self, root: Path, packages: Iterable[str] = PRODUCT) -> None:
        self._refers: dict[Named, set[Named]] = {}
        self._imports: dict[str, dict[str, Named]] = {}
        self.modules: set[str] = set()
        trees = {name: ast.parse(path.read_text()) for package in packages for name, path in _files(root, package)}
        self.modules = set(trees)
        for name, tree in trees.items():
            self._imports[name] = imports_of(tree, name, self.modules)
        for name, tree in trees.items():
            own = {target for node in tree.body for target in targets(node)}
            for node in tree.body:
                for target in targets(node) or ["<module>"]:
                    found = self._refers.setdefault((name, target), set())
                    found |= set(references(node, name, own, self._imports[name]))

    def reached(self, edges: Iterable[str] = EDGES) -> set[Named]:
        """Everything that the edges name, directly or through what they name."""
        starts = tuple(edges)
        waiting = [one for one in self._refers if one[0].startswith(starts)]
        seen: set[Named] = set()
        while waiting:
            one = self.settled(waiting.pop())
            if one in seen or one not in self._refers:
                continue
            seen.add(one)
            waiting += self._refers[one]
            if (one[0], "<module>") in self._refers:
                waiting.append((one[0], "<module>"))
        return seen

    def used(self) -> set[Named]:
        """Everything that something else in the product names."""
        return {found for who, named in self._refers.items() for one in named if (found := self.settled(one)) != who}

    def settled(self, one: Named) -> Named:
        """Where a name that a module only hands on is made."""
        for _ in range(5):
            if one in self._refers or one[1] not in self._imports.get(one[0], {}):
                return one
            one = self._imports[one[0]][one[1]]
        return one

    def makes(self, one: Named) -> bool:
        """Whether the module defines that name itself."""
        return one in self._refers


def imports_of(tree: ast.Module, module: str, modules: set[str]) -> dict[str, Named]:
    """What each imported name stands for; a module by itself has the name ``""``."""
    found: dict[str, Named] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                found[alias.asname or alias.name] = (whole, "") if whole in modules else (node.module, alias.name)
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.asname:
                    found[alias.asname] = (alias.name, "")
    return {name: target for name, target in found.items() if target[0] != module}


def references(node: ast.AST, module: str, own: set[str], imports: dict[str, Named]) -> Iterator[Named]:
    """Every name of the product that stands in a piece of source."""
    for one in ast.walk(node):
        if isinstance(one, ast.Attribute) and isinstance(one.value, ast.Name) and one.value.id in imports:
            target = imports[one.value.id]
            if not target[1]:
                yield target[0], one.attr
        if isinstance(one, ast.Name):
            if one.id in imports and imports[one.id][1]:
                yield imports[one.id]
            elif one.id in own:
                yield module, one.id


def _files(root: Path, package: str) -> Iterator[tuple[str, Path]]:
    for path in sorted((root / package).rglob("*.py")):
        parts = path.relative_to(root).with_suffix("").parts
        yield ".".join(parts[:-1] if parts[-1] == "__init__" else parts), path


def targets(node: ast.stmt) -> list[str]:
    """The names that a statement at the top of a module makes."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [node.name]
    if isinstance(node, ast.Assign):
        return [one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)]
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return [node.target.id]
    return []


def used_by_test(path: Path, test: str, source: Source) -> set[Named]:
    """The names of the product that a test uses, itself or through what its file and its builders define."""
    tree = ast.parse(path.read_text())
    imports = imports_of(tree, "", source.modules)
    bodies = {target: node for node in tree.body for target in targets(node)}
    waiting, seen, found = [test], set(), set()
    while waiting:
        name = waiting.pop()
        if name in seen or name not in bodies:
            continue
        seen.add(name)
        for module, one in references(bodies[name], "", set(bodies), imports):
            if not module:
                waiting.append(one)
            else:
                found.add(source.settled((module, one)))
    return {one for one in found if one[0] in source.modules and source.makes(one)}
