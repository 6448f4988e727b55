"""Read YAML or JSON into frozen dataclasses, which are the schema, and know the line of every value.

A field's annotation says what the file may hold there: str, int, bool, datetime.date, another dataclass,
dict[str, T], tuple[T, ...] (a list), `T | None`, `T | tuple[T, ...]` (one or a list), or Annotated[T, Rule]. A field without a default is a
required key; a key that is no field is refused, and so is a key given twice. Nothing is converted:
`version: "1"` is not a number.
"""

from __future__ import annotations

import dataclasses
import re
import types
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Any, Generic, TypeVar, Union, get_args, get_origin, get_type_hints

import yaml

from builder.problem import Problem

T = TypeVar("T")
Key = tuple[str | int, ...]

_SCALARS: dict[Any, tuple[str, str, str]] = {  # type: its YAML tag, its name, how to write one
    str: ("tag:yaml.org,2002:str", "text", "quote it"),
    int: ("tag:yaml.org,2002:int", "a whole number", "write it without quotes"),
    bool: ("tag:yaml.org,2002:bool", "true or false", "write it without quotes"),
    date: ("tag:yaml.org,2002:timestamp", "a date", "write YYYY-MM-DD without quotes"),
}
_NULL = "tag:yaml.org,2002:null"
_BAD: Any = object()  # stands for a value that was refused, until its whole document is


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
    """One file as read: its value (None if the file does not have the shape), its lines, what is wrong."""

    path: str
    value: T | None = None
    lines: dict[Key, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def refuse(self, where: Key, claim: str, remedy: str) -> None:
        """Note a problem at the value *where*, or at the nearest value around it."""
        while where not in self.lines and where:
            where = where[:-1]
        self.problems.append(Problem(self.path, self.lines.get(where, 0), claim, remedy))


def decode(text: str, path: str, kind: type[T]) -> Document[T]:
    """Return *text* (YAML, of which JSON is a part) read as a *kind*."""
    document: Document[T] = Document(path)
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.reader.ReaderError as error:
        document.lines[()] = text.count("\n", 0, error.position) + 1
        document.refuse((), f"holds the control character U+{error.character:04X}", "remove it")
        return document
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        document.lines[()] = mark.line + 1 if mark else 0
        document.refuse((), f"not YAML: {getattr(error, 'problem', error)}", "mend the syntax there")
        return document
    if node is None:
        document.refuse((), "the file is empty", "write its keys")
        return document
    value = _decode(document, node, kind, ())
    document.value = None if value is _BAD else value
    return document


def _decode(document: Document[Any], node: yaml.Node, kind: Any, where: Key) -> Any:
    """Return the value of *node* as a *kind*, or _BAD after noting why it is none."""
    document.lines.setdefault(where, node.start_mark.line + 1)
    name = ".".join(str(part) for part in where) or "the file"
    origin, args = get_origin(kind), get_args(kind)
    if origin is Annotated:
        value = _decode(document, node, args[0], where)
        rule: Rule = args[1]
        if value is not _BAD and not rule.accepts(value):
            shown = repr(value) if len(repr(value)) <= 60 else f"{value!r:.59}…"
            document.refuse(where, f"{name} is {shown}", f"write {rule.meaning}")
            return _BAD
        return value
    if kind is object:
        if isinstance(node, yaml.MappingNode):
            return _decode_mapping(document, node, dict[str, object], where)
        if isinstance(node, yaml.SequenceNode):
            return _decode(document, node, tuple[object, ...], where)
        return yaml.SafeLoader("").construct_object(node)
    if origin in (Union, types.UnionType):
        if node.tag == _NULL and type(None) in args:
            return None
        listed = isinstance(node, yaml.SequenceNode)
        kinds = [arg for arg in args if arg is not type(None)]
        return _decode(document, node, next((k for k in kinds if (get_origin(k) is tuple) == listed), kinds[0]), where)
    if origin is tuple:
        if not isinstance(node, yaml.SequenceNode):
            return _mismatch(document, where, name, "a list", "write each entry on a line that starts with -")
        items = [_decode(document, item, args[0], (*where, i)) for i, item in enumerate(node.value)]
        return _BAD if _BAD in items else tuple(items)
    if origin is dict or dataclasses.is_dataclass(kind):
        if not isinstance(node, yaml.MappingNode):
            return _mismatch(document, where, name, "a mapping", "write key: value lines")
        return _decode_mapping(document, node, kind, where)
    tag, meaning, remedy = _SCALARS[kind]
    if not isinstance(node, yaml.ScalarNode) or node.tag != tag:
        return _mismatch(document, where, name, meaning, remedy)
    try:
        value = yaml.SafeLoader("").construct_object(node)
    except ValueError:  # such as 2021-13-40, which has a date's form
        value = None
    if type(value) is not kind:
        return _mismatch(document, where, name, meaning, remedy)
    return value


def _decode_mapping(document: Document[Any], node: yaml.MappingNode, kind: Any, where: Key) -> Any:
    """Return the mapping *node* as the dataclass or dict *kind*."""
    is_dict = get_origin(kind) is dict
    hints = {} if is_dict else get_type_hints(kind, include_extras=True)
    inside = f" in {'.'.join(map(str, where))}" if where else ""
    parts: dict[str, Any] = {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        at = (*where, key)
        first = document.lines.get(at)
        document.lines[at] = key_node.start_mark.line + 1
        if first:
            document.refuse(at, f"key {key} stands twice{inside}, first in line {first}", "keep one of them")
        elif is_dict or key in hints:
            parts[key] = _decode(document, value_node, get_args(kind)[1] if is_dict else hints[key], at)
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
