"""Read located YAML or JSON into frozen dataclasses, which are the schema, and keep the line of every value.

A field's annotation says what the file may hold there: str, int, bool, datetime.date, another dataclass, Text (any scalar, as
it is written), dict[str, T], tuple[T, ...] (a list), `T | None`, `T | tuple[T, ...]` (one or a list), or Annotated[T, Rule]. A
field without a default is a required key; a key that is no field is refused. Nothing is converted: `version: "1"` is not a
number.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from splreplay.located import Entries, Keys, Node, Text, parse_yaml
from splreplay.problem import Problem

T = TypeVar("T")
Key = tuple[str | int, ...]
Refusals = Iterable[tuple[Key, str, str]]  # of each: where, the claim, and the remedy

_SCALARS: dict[Any, tuple[str, str]] = {  # type: its name, how to write one
    Text: ("text", "write it in one value"),
    str: ("text", "quote it"),
    int: ("a whole number", "write it without quotes"),
    bool: ("true or false", "write it without quotes"),
    date: ("a date", "write YYYY-MM-DD without quotes"),
}
_BAD: Any = object()  # takes the place of a refused value, and makes its whole document refused


@dataclass(frozen=True)
class Rule:
    """What a value must be beyond its type; *meaning* completes "write …"."""

    meaning: str
    accepts: Callable[[Any], bool]


def matching(pattern: str, meaning: str) -> Rule:
    """Return the rule that a text matches *pattern* from end to end."""
    return Rule(meaning, lambda value: re.fullmatch(pattern, value) is not None)


def one_of(*choices: str) -> Rule:
    """Return the rule that a text is one of *choices*."""
    return Rule("one of " + ", ".join(choices), lambda value: value in choices)


def some() -> Rule:
    """Return the rule that a list is not empty."""
    return Rule("a list of one entry or more", lambda value: value != ())


def between(low: int, high: int) -> Rule:
    """Return the rule that a number lies in low..high."""
    return Rule(f"a number from {low} to {high}", lambda value: low <= value <= high)


@dataclass
class Document(Generic[T]):
    """One file that was read: its value (None if it does not fit the schema), the lines of its parts, and its problems."""

    path: str
    value: T | None = None
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, where: Key, claim: str, remedy: str) -> None:
        """Add a problem at the value *where*, or at the nearest value around it."""
        while where not in self.lines and where:
            where = where[:-1]
        self.problems.append(Problem(self.path, self.lines.get(where, 0), claim, remedy))

    def refuse_all(self, refusals: Refusals) -> None:
        """Add a problem for each of *refusals*."""
        for refusal in refusals:
            self.refuse(*refusal)


def decode(text: str, path: str, kind: type[T]) -> Document[T]:
    """Return *text* (YAML, of which JSON is a part) read as a *kind*."""
    node, problems = parse_yaml(text, path)
    document: Document[T] = Document(path, problems=problems)
    if node is None and not problems:
        document.refuse((), "the file is empty", "write its keys")
    elif node is not None:
        decode_node(document, node, kind)
    return document


def decode_node(document: Document[T], node: Node, kind: type[T], where: Key = ()) -> None:
    """Read *node*, which stands at *where* of the file, as a *kind*, and put its value or its problems into *document*."""
    value = _decode(document, node, kind, where)
    document.value = None if value is _BAD else value


def _decode(document: Document[Any], node: Node, kind: Any, where: Key) -> Any:
    """Return the value of *node* as a *kind*; for one that is not, add the problem and return _BAD."""
    if node is not None:
        document.lines.setdefault(where, node.line)
    name = ".".join(map(str, where)) or "the file"
    if kind is object and isinstance(node, Keys | Entries):
        kind = dict[str, object] if isinstance(node, Keys) else tuple[object, ...]
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        value = _decode(document, node, args[0], where)
        rule: Rule = args[1]
        if value is not _BAD and not rule.accepts(value):
            shown = repr(value) if len(repr(value)) <= 60 else f"{value!r:.59}…"
            document.refuse(where, f"{name} is {shown}", f"write {rule.meaning}")
            return _BAD
        return value
    if origin in (Union, types.UnionType):
        if node is None and type(None) in args:
            return None
        listed = isinstance(node, Entries)
        kinds = [arg for arg in args if arg is not type(None)]
        return _decode(document, node, next((k for k in kinds if (get_origin(k) is tuple) == listed), kinds[0]), where)
    if origin is tuple:
        if not isinstance(node, Entries):
            return _mismatch(document, where, name, "a list", "write each entry on a line that starts with -")
        items = [_decode(document, item, args[0], (*where, i)) for i, item in enumerate(node)]
        return _BAD if _BAD in items else tuple(items)
    if origin is dict or (dataclasses.is_dataclass(kind) and kind is not Text):
        if not isinstance(node, Keys):
            return _mismatch(document, where, name, "a mapping", "write key: value lines")
        return _decode_mapping(document, node, kind, where)
    value = node if kind is Text else _constructed(node)
    return value if kind in (object, type(value)) else _mismatch(document, where, name, *_SCALARS[kind])


def _constructed(node: Node) -> object:
    """Return the value of a scalar by YAML's own types; None for an invalid one such as 2021-13-40."""
    if not isinstance(node, Text):
        return None
    tag = yaml.resolver.Resolver().resolve(yaml.ScalarNode, node.value, (node.plain, not node.plain))  # type: ignore[no-untyped-call]
    try:
        return yaml.constructor.SafeConstructor().construct_object(yaml.ScalarNode(tag, node.value))
    except (ValueError, yaml.YAMLError):
        return None


def _decode_mapping(document: Document[Any], node: Keys, kind: Any, where: Key) -> Any:
    """Return the mapping *node* as the dataclass or dict *kind*."""
    is_dict = get_origin(kind) is dict
    hints = {} if is_dict else get_type_hints(kind, include_extras=True)
    inside = f" in {'.'.join(map(str, where))}" if where else ""
    parts: dict[str, Any] = {}
    for key, value in node.items():
        at = (*where, key)
        document.lines[at] = node.lines[key]
        if is_dict or key in hints:
            parts[key] = _decode(document, value, get_args(kind)[1] if is_dict else hints[key], at)
        else:
            document.refuse(at, f"unknown key {key}{inside}", f"remove it; known are {', '.join(sorted(hints))}")
    if is_dict:
        return _BAD if _BAD in parts.values() else parts
    for part in dataclasses.fields(kind):
        if part.default is dataclasses.MISSING and part.name not in parts:
            document.refuse(where, f"key {part.name} is missing{inside}", "add it")
            parts[part.name] = _BAD
    return _BAD if _BAD in parts.values() else kind(**parts)


def _mismatch(document: Document[Any], where: Key, name: str, meaning: str, remedy: str) -> Any:
    document.refuse(where, f"{name} is not {meaning}", remedy)
    return _BAD
