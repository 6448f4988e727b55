"""Text from YAML and .conf files that knows where in its file each of its characters stands.

Others write these files, so they are read as plain text, and no objects are built from them. What this project does not need
(anchors, aliases, tags) is refused, so that no file can grow while it is read. libyaml parses them where PyYAML was built with
it: it gives the same events and marks as PyYAML's own parser, in an eighteenth of the time.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from splreplay import conf, limits
from splreplay.errors import DataError
from splreplay.problem import Problem, as_error

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null", "Null", "NULL")  # https://yaml.org/type/null.html


class Place(NamedTuple):
    """A line and a column of a file, both from 1."""

    line: int
    column: int


@dataclass(frozen=True)
class Text:
    """A value, and where it stands.

    Attributes:
        value: The text.
        file: The text of its whole file.
        start: Where in the file it starts.
        find: Computes `offsets` when they are first used.
        plain: Whether it is written in YAML without quotes, where 1, no and 2020-01-01 are not text.
    """

    value: str
    file: str = field(repr=False)
    start: int
    find: Callable[[], tuple[int, ...]] = field(default=tuple, repr=False, compare=False)
    plain: bool = False

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where in the file each character that is not white space stands; empty where that is not known."""
        return self.find()

    @property
    def line(self) -> int:
        """The line that it starts in, from 1."""
        return _line(self.file, self.start)

    def index(self, offset: int = 0) -> int:
        """Return where in the file the character at *offset* stands, or the next one that is not white space."""
        before = bisect_left(self._solid, offset)
        return self.offsets[min(before, len(self.offsets) - 1)] if self.offsets else self.start

    def place(self, offset: int = 0) -> Place:
        """Return the line and column of the character at *offset*."""
        index = self.index(offset)
        line = _line(self.file, index)
        return Place(line, index - _line_starts(self.file)[line - 1] + 1)

    @cached_property
    def _solid(self) -> list[int]:
        """The places in the value of the characters that are not white space."""
        return [index for index, character in enumerate(self.value) if not character.isspace()]


@lru_cache(maxsize=4)
def _line_starts(file: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", file))]


def _line(file: str, index: int) -> int:
    return bisect_right(_line_starts(file), index)


class Entries(list["Node"]):
    """What a YAML sequence holds, and the line that it starts in."""

    line: int


class Keys(dict[str, "Node"]):
    """What a YAML mapping holds, the line that it starts in, and the line of each key."""

    line: int
    lines: dict[str, int]


# What a YAML file holds, without YAML's types; a null and a missing value are None.
Node = Text | None | Entries | Keys


def read(path: Path, limit: int) -> str:
    """Return the text of a file; DataError if it is not a plain file, is not UTF-8 or has more than *limit* bytes."""
    try:
        if not path.is_file():
            raise DataError("this is no file" if path.exists() else "there is no such file", str(path))
        with path.open("rb") as file:
            content = file.read(limit + 1)
    except OSError as error:
        raise DataError(f"cannot be read: {error.strerror}", str(path)) from error
    if len(content) > limit:
        raise DataError(f"has more than the {limit:,} bytes that replay reads", str(path))
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"not UTF-8 at byte {error.start}; save it as UTF-8", str(path)) from error


def read_yaml(path: Path) -> Keys:
    """Return the keys of a YAML file that is one mapping; DataError as `read_any_yaml`, or if it is no mapping."""
    node = read_any_yaml(path)
    if not isinstance(node, Keys):
        raise DataError("is no mapping of keys to values", str(path))
    return node


def read_any_yaml(path: Path) -> Node:
    """Return what a YAML file holds; DataError, with the place, if it cannot be read or is not YAML."""
    node, problems = parse_yaml(read(path, limits.MAX_YAML_BYTES), str(path))
    if problems:
        raise as_error(problems)
    return node


def parse_yaml(text: str, path: str) -> tuple[Node, list[Problem]]:
    """Return what *text* holds and its problems: keys that stand twice. Text that cannot be read gives None, and why."""
    if control := yaml.reader.Reader.NON_PRINTABLE.search(text):
        claim = f"holds the control character U+{ord(control[0]):04X}"
        return None, [Problem(path, _line(text, control.start()), claim, "remove it")]
    composer = _Composer(text, path)
    try:
        return composer.document(), composer.problems
    except _RefusedError as refused:
        return None, list(refused.args)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two without libyaml: "\UFFFFFFFF"
        mark = getattr(error, "problem_mark", None)
        claim = f"not YAML: {getattr(error, 'problem', error)}"
        return None, [Problem(path, _line(text, mark.index) if mark else 0, claim, "mend the syntax there")]


class _RefusedError(Exception):
    """The file has something that may be YAML but is not read here; its argument is the Problem."""


class _Composer:
    """Builds nodes from the events of one file; yaml.YAMLError where it is not YAML, _RefusedError where we do not read it."""

    def __init__(self, text: str, path: str) -> None:
        self.problems: list[Problem] = []
        self._text, self._path = text, path
        self._events: Iterator[Any] = iter(yaml.parse(text, Loader=_LOADER))

    def document(self) -> Node:
        self._next()  # the start of the stream
        if isinstance(self._next(), yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), ())
        self._next()  # the end of the document
        if not isinstance(after := self._next(), yaml.StreamEndEvent):
            raise self._refused(after, "a second document starts here", "keep one in a file")
        return node

    def _next(self) -> Any:
        event = next(self._events)
        if getattr(event, "anchor", None):  # an alias has the anchor that it refers to
            raise self._refused(event, "YAML anchors are not read", "write out what the anchor stands for")
        if getattr(event, "tag", None):
            raise self._refused(event, "YAML tags are not read", "remove the tag")
        return event

    def _node(self, event: Any, where: tuple[str, ...]) -> Node:
        """Return the node that starts with *event*; *where* names the keys and entries around it."""
        start, end = event.start_mark.index, event.end_mark.index
        if isinstance(event, yaml.ScalarEvent):
            style = event.style or ""
            if not style and event.value in _NULLS:
                return None
            value, file = event.value, self._text
            return Text(value, file, start, lambda: _align(value, _written(file, start, end, style)), plain=not style)
        if len(where) >= limits.YAML_DEPTH:
            raise self._refused(event, f"nests deeper than {limits.YAML_DEPTH} levels", "nest it less")
        node = Entries() if isinstance(event, yaml.SequenceStartEvent) else Keys()
        node.line = _line(self._text, start)
        if isinstance(node, Entries):
            while not isinstance(entry := self._next(), yaml.SequenceEndEvent):
                node.append(self._node(entry, (*where, str(len(node)))))
            return node
        node.lines = {}
        while not isinstance(key := self._next(), yaml.MappingEndEvent):
            self._key(key, node, where)
        return node

    def _key(self, event: Any, keys: Keys, where: tuple[str, ...]) -> None:
        """Add a key and its value to *keys*; one that stands twice keeps its first value."""
        line = _line(self._text, event.start_mark.index)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refused(event, "this key is no text", "write a name before the colon")
        key, value = event.value, self._node(self._next(), (*where, event.value))
        if key in keys:
            inside = f" in {'.'.join(where)}" if where else ""
            claim = f"key {key} stands twice{inside}, first in line {keys.lines[key]}"
            self.problems.append(Problem(self._path, line, claim, "keep one of them"))
        else:
            keys[key], keys.lines[key] = value, line

    def _refused(self, event: Any, claim: str, remedy: str) -> _RefusedError:
        return _RefusedError(Problem(self._path, _line(self._text, event.start_mark.index), claim, remedy))


_ESCAPE = re.compile(r"\\(?:x(..)|u(.{4})|U(.{8})|\r?\n|(.))", re.S)


def _written(file: str, start: int, end: int, style: str) -> Iterator[tuple[int, str]]:
    """Yield each character of a YAML scalar with the place where it is written."""
    if style in ("|", ">"):  # the text starts on the next line
        start = file.find("\n", start, end) + 1 or end
    elif style:
        start, end = start + 1, end - 1
    index = start
    while index < end:
        match = _ESCAPE.match(file, index, end) if style == '"' else None
        if match:
            code = match[1] or match[2] or match[3]
            yield index, chr(int(code, 16)) if code else yaml.SafeLoader.ESCAPE_REPLACEMENTS.get(match[4] or " ", " ")
            index = match.end()
        else:
            yield index, file[index]
            index += 2 if style == "'" and file[index] == "'" else 1


def _align(value: str, written: Iterable[tuple[int, str]]) -> tuple[int, ...]:
    """Return the places of the characters of *value* that are not white space; nothing where *written* differs from it."""
    wanted = (character for character in value if not character.isspace())
    places = []
    for character, place_and_character in zip_longest(wanted, (pair for pair in written if not pair[1].isspace())):
        if character is None:  # what follows the value may be comments
            break
        if place_and_character is None or place_and_character[1] != character:
            return ()
        places.append(place_and_character[0])
    return tuple(places)


def read_conf(path: Path, keys: Collection[str]) -> dict[str, dict[str, Text]]:
    """Return the stanzas of a .conf file with the settings in *keys*; DataError if it cannot be read or is not a .conf file."""
    text = read(path, limits.MAX_CONF_BYTES)
    file = conf.parse(text, str(path))
    starts = _line_starts(text)

    def located(stanza: str, key: str, value: str) -> Text:
        start = starts[file.lines[stanza, key] - 1]
        behind = text.find("=", start) + 1
        return Text(value, text, start, lambda: _align(value, _continued(text, behind)))

    return {
        stanza: {key: located(stanza, key, value) for key, value in settings.items() if key in keys}
        for stanza, settings in file.stanzas.items()
    }


def _continued(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the characters from a setting's value on, without the backslashes that continue its lines."""
    for index in range(start, len(text)):
        if text[index] != "\\" or not re.compile(r"\r?\n").match(text, index + 1):
            yield index, text[index]
