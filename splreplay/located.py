"""Text that knows where in its file each of its characters stands, out of YAML and .conf files.

What such files hold is someone else's: it is read as text alone, nothing is built from it, and what replay does not need
(anchors, aliases, tags) is refused, so that no file grows when it is read.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import zip_longest
from pathlib import Path

import yaml

from splreplay import conf, limits
from splreplay.errors import DataError

_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class Place:
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
        offsets: Where in the file each character that is no white space stands; empty where that cannot be told.
    """

    value: str
    file: str = field(repr=False)
    start: int
    offsets: tuple[int, ...] = field(repr=False)

    def index(self, offset: int = 0) -> int:
        """Return where in the file the character at *offset*, or the next that is no white space, stands."""
        before = bisect_left(self._solid, offset)
        return self.offsets[min(before, len(self.offsets) - 1)] if self.offsets else self.start

    def place(self, offset: int = 0) -> Place:
        """Return the line and column of the character at *offset*."""
        index = self.index(offset)
        starts = _line_starts(self.file)
        line = bisect_right(starts, index)
        return Place(line, index - starts[line - 1] + 1)

    @cached_property
    def _solid(self) -> list[int]:
        """Where in the value the characters stand that are no white space."""
        return [index for index, character in enumerate(self.value) if not character.isspace()]


@lru_cache(maxsize=4)
def _line_starts(file: str) -> list[int]:
    return [0, *(match.end() for match in re.finditer("\n", file))]


# What a YAML file holds, without its types: a null and an empty text are None.
Node = Text | None | list["Node"] | dict[str, "Node"]


class _Loader(yaml.SafeLoader):
    """Refuses what could make a small file large."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        """Return the next node; ComposerError for an anchor, an alias or a tag."""
        event = self.peek_event()  # type: ignore[no-untyped-call]
        for name in ("anchor", "tag"):
            if getattr(event, name, None):
                raise yaml.composer.ComposerError(None, None, f"replay reads no YAML {name}s", event.start_mark)
        return super().compose_node(parent, index)


def read(path: Path, limit: int) -> str:
    """Return the text of a file; DataError if it is no plain file, is not UTF-8 or has more than *limit* bytes."""
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


def read_yaml(path: Path) -> dict[str, Node]:
    """Return the keys of a YAML file that is one mapping; DataError as `read_any_yaml`, or if it is something else."""
    found = read_any_yaml(path)
    if not isinstance(found, dict):
        raise DataError("is no mapping of keys to values", str(path))
    return found


def read_any_yaml(path: Path) -> Node:
    """Return what a YAML file holds; DataError if it cannot be read or is no YAML, which says where."""
    text = read(path, limits.MAX_YAML_BYTES)
    try:
        node = yaml.compose(text, Loader=_Loader)
        return _node(node, text, str(path)) if node is not None else None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise DataError(f"holds the control character U+{error.character:04X}", str(path), f"line {line}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise DataError(f"not YAML: {error.problem}", str(path), f"line {mark.line + 1}" if mark else None) from error
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: an escape such as "\UFFFFFFFF"
        raise DataError(f"not YAML: {error}", str(path)) from error
    except RecursionError as error:
        raise DataError("nests deeper than replay reads", str(path)) from error


def _node(node: yaml.Node, file: str, path: str) -> Node:
    if isinstance(node, yaml.SequenceNode):
        return [_node(item, file, path) for item in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Node] = {}
        for key, value in node.value:
            line = f"line {key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise DataError("this key is no text", path, line)
            if key.value in found:
                raise DataError(f"key {key.value} stands twice", path, line)
            found[key.value] = _node(value, file, path)
        return found
    if node.tag == _NULL:
        return None
    assert isinstance(node, yaml.ScalarNode)
    start, end = node.start_mark.index, node.end_mark.index
    offsets = _align(node.value, _written(file, start, end, node.style or ""))
    return Text(node.value, file, start, offsets)


_ESCAPE = re.compile(r"\\(?:x(..)|u(.{4})|U(.{8})|\r?\n|(.))", re.S)


def _written(file: str, start: int, end: int, style: str) -> Iterator[tuple[int, str]]:
    """Yield the place and the meaning of each character of a YAML scalar as it is written."""
    if style in ("|", ">"):  # the rest of its first line is no part of it
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
    """Return the places of the characters of *value* that are no white space; none where the two do not agree."""
    wanted = (character for character in value if not character.isspace())
    places = []
    for character, found in zip_longest(wanted, (one for one in written if not one[1].isspace())):
        if character is None:  # behind the value stand comments, perhaps
            break
        if found is None or found[1] != character:
            return ()
        places.append(found[0])
    return tuple(places)


def read_conf(path: Path, keys: Collection[str]) -> dict[str, dict[str, Text]]:
    """Return the stanzas of a .conf file, of their settings those in *keys*; DataError if it cannot be read or is none."""
    text = read(path, limits.MAX_CONF_BYTES)
    found = conf.parse(text, str(path))
    starts = _line_starts(text)

    def located(stanza: str, key: str, value: str) -> Text:
        start = starts[found.lines[stanza, key] - 1]
        behind = text.find("=", start) + 1
        return Text(value, text, start, _align(value, _continued(text, behind)))

    return {
        stanza: {key: located(stanza, key, value) for key, value in settings.items() if key in keys}
        for stanza, settings in found.stanzas.items()
    }


def _continued(text: str, start: int) -> Iterator[tuple[int, str]]:
    """Yield the characters of a setting's value and what follows it, without the backslashes that continue its lines."""
    for index in range(start, len(text)):
        if text[index] != "\\" or not re.compile(r"\r?\n").match(text, index + 1):
            yield index, text[index]
