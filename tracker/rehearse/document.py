"""A case's text as a tree of values that know their line and field: YAML by the rules of 1.2, or JSON.

By these rules ``on``, ``yes`` and ``no`` are text, and so is a time, with quotes or without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final

import yaml

Plain = Any
"""What JSON can hold: None, bool, int, float, str, list, dict."""

_MOST_VALUES: Final = 200_000  # anchors that repeat each other could otherwise fill the memory


class CaseFault(Exception):
    """What is wrong with a case: where, by line (from 1) and field, and a sentence."""

    def __init__(self, line: int, field: str, detail: str) -> None:
        super().__init__(f"{line}: {field}: {detail}" if field else f"{line}: {detail}")
        self.line = line
        self.field = field
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Node:
    """One value of the document: ``value`` is a scalar, a list of nodes, or a dict of nodes by their names."""

    value: Any
    line: int
    field: str

    def fault(self, detail: str) -> CaseFault:
        """A fault of this value."""
        return CaseFault(self.line, self.field, detail)

    def plain(self) -> Plain:
        """The value without lines."""
        if isinstance(self.value, dict):
            return {name: node.plain() for name, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def mapping(self, known: Collection[str] | None = None, needed: Collection[str] = ()) -> dict[str, Node]:
        """The fields of a mapping; ``known`` are those that it may have, ``needed`` those that it must have."""
        if not isinstance(self.value, dict):
            raise self.fault("fields are needed here, such as name: value")
        fields: dict[str, Node] = self.value
        for name, node in fields.items():
            if known is not None and name not in known:
                raise node.fault(f"there is no such field; known are {', '.join(known)}")
        for name in needed:
            if name not in fields:
                raise CaseFault(self.line, within(self.field, name), "is needed")
        return fields

    def items(self) -> list[Node]:
        """The members of a list."""
        if not isinstance(self.value, list):
            raise self.fault("a list is needed here")
        return self.value

    def several(self) -> list[Node]:
        """The members of a list, or the one value that stands for a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def text(self) -> str:
        """A text that is not empty."""
        if not isinstance(self.value, str) or not self.value:
            raise self.fault(f"a text is needed, not {shown(self.plain())}")
        return self.value

    def one_of(self, *words: str) -> str:
        """One of those words."""
        if self.value not in words:
            raise self.fault(f"is {shown(self.plain())}; known are {', '.join(words)}")
        return str(self.value)

    def flag(self) -> bool:
        """True or false."""
        if not isinstance(self.value, bool):
            raise self.fault(f"true or false is needed, not {shown(self.plain())}")
        return self.value


def within(field: str, name: str) -> str:
    """The full name of a field inside another."""
    return f"{field}.{name}" if field else name


def shown(value: Plain) -> str:
    """A value as a fault quotes it."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 200 else text[:199] + "…"


def read_document(text: str) -> Node:
    """The document's tree. Raises ``CaseFault`` for what is neither YAML nor JSON, or names a field twice."""
    if text.lstrip()[:1] in {"{", "["}:
        text = text.replace("\t", " ")  # JSON may be indented with tabs, and has none within its texts
    try:
        root = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as fault:
        mark = fault.problem_mark or fault.context_mark
        raise CaseFault(mark.line + 1 if mark else 1, "", f"is not YAML: {fault.problem or fault}") from fault
    except (yaml.YAMLError, RecursionError) as fault:
        raise CaseFault(1, "", f"is not YAML: {str(fault).splitlines()[0]}") from fault
    if root is None:
        raise CaseFault(1, "", "the file is empty")
    return _Builder().node(root, "")


class _Loader(yaml.SafeLoader):
    """SafeLoader with the core schema of YAML 1.2 in place of 1.1's guesses."""

    yaml_implicit_resolvers: Final = {}  # type: ignore[misc]  # a table of its own, not SafeLoader's


_CORE: Final = (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", list("-+0123456789")),
    (
        "float",
        r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)",
        list("-+.0123456789"),
    ),
)
for _kind, _pattern, _first in _CORE:
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(f"(?:{_pattern})\\Z"), _first)


class _Builder:
    def __init__(self) -> None:
        self._values = 0

    def node(self, node: yaml.Node, field: str) -> Node:
        line = node.start_mark.line + 1
        self._values += 1
        if self._values > _MOST_VALUES:
            raise CaseFault(line, field, f"the file holds more than {_MOST_VALUES:,} values")
        try:
            if isinstance(node, yaml.MappingNode):
                return Node(self._fields(node, field), line, field)
            if isinstance(node, yaml.SequenceNode):
                members = [self.node(one, f"{field}[{place}]") for place, one in enumerate(node.value)]
                return Node(members, line, field)
        except RecursionError:
            raise CaseFault(line, field, "is nested too deeply, or within itself") from None
        return Node(_scalar(node, line, field), line, field)

    def _fields(self, mapping: yaml.MappingNode, field: str) -> dict[str, Node]:
        fields: dict[str, Node] = {}
        for key, value in mapping.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise CaseFault(line, field, "a field's name is a text")
            name = within(field, key.value)
            if key.value in fields:
                raise CaseFault(line, name, f"stands twice; first in line {fields[key.value].line}")
            node = self.node(value, name)
            fields[key.value] = Node(node.value, line, name)
        return fields


def _scalar(node: yaml.Node, line: int, field: str) -> Plain:
    kind, text = node.tag.removeprefix("tag:yaml.org,2002:"), str(node.value)
    if kind == "str":
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")  # JSON's pairs of escapes
    if kind == "null":
        return None
    if kind == "bool":
        return text.lower() == "true"
    try:
        if kind == "int":
            return int(text, 0) if text[:2] in {"0o", "0x"} else int(text)
        if kind == "float":
            return float(text.replace(".inf", "inf").replace(".nan", "nan").lower())
    except ValueError as fault:
        raise CaseFault(line, field, f"{text[:40]} is no number") from fault
    raise CaseFault(line, field, f"the tag {node.tag} is not known here")
