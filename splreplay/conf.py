r"""Read Splunk .conf text exactly: stanzas, settings, and the line of each.

- A comment is a line that starts with `#`; after a value, `#` is part of the value.
- A backslash at the end of a line continues the value: the newline stays in it, the backslash does not.
- Settings before the first stanza belong to `default`, as in Splunk.
- A stanza or setting that is given twice is merged, and the last value wins, as in Splunk; `Conf.repeats` lists them.
- Any other line is a DataError: Splunk would ignore it silently.

Source: Splunk Admin Manual, "How to edit a configuration file" and "Configuration file structure".
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from splreplay.errors import DataError

Stanzas = dict[str, dict[str, str]]


@dataclass(frozen=True)
class Repeat:
    """A stanza (key is None) or a setting that is given again at *line*, after *first*."""

    stanza: str
    key: str | None
    line: int
    first: int


@dataclass(frozen=True)
class Conf:
    """One .conf file: its stanzas in order, and the line of each stanza (key None) and setting."""

    path: str
    stanzas: Stanzas
    lines: dict[tuple[str, str | None], int]
    repeats: tuple[Repeat, ...]


def read(path: Path) -> Conf:
    """Return the .conf file at *path*; a file that cannot be read or is not UTF-8 is a DataError."""
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"cannot be read as UTF-8 text: {error}", str(path)) from error


def parse(text: str, path: str) -> Conf:
    """Return the .conf *text*; *path* is how errors name it."""
    stanzas: Stanzas = {}
    lines: dict[tuple[str, str | None], int] = {}
    repeats = []

    def note(stanza: str, key: str | None, line: int) -> None:
        first = lines.setdefault((stanza, key), line)
        if first != line:
            repeats.append(Repeat(stanza, key, line, first))

    stanza = "default"
    for number, line in _logical_lines(text, path):
        if line.startswith("["):
            if not line.endswith("]"):
                raise DataError(f"stanza {line!r} has no closing ]; write [name]", path, f"line {number}")
            stanza = line[1:-1]
            stanzas.setdefault(stanza, {})
            note(stanza, None, number)
            continue
        key, equals, value = line.partition("=")
        if not equals or not key.strip():
            raise DataError(
                f"{line!r} is neither a stanza, a setting nor a comment; write key = value, or # before it",
                path,
                f"line {number}",
            )
        stanzas.setdefault(stanza, {})[key.strip()] = value.strip()
        note(stanza, key.strip(), number)
    return Conf(path, stanzas, lines, tuple(repeats))


def layer(default: Stanzas, local: Stanzas) -> Stanzas:
    """Return *default* with *local* over it, setting by setting, as Splunk layers default/ and local/."""
    return {name: default.get(name, {}) | local.get(name, {}) for name in default | local}


def _logical_lines(text: str, path: str) -> Iterator[tuple[int, str]]:
    """Yield each stanza or setting, stripped and with its continuation lines, and its first line's number."""
    if text.startswith("\ufeff"):
        raise DataError("starts with a byte order mark; save it as UTF-8 without one", path, "line 1")
    physical = enumerate(text.split("\n"), start=1)
    for number, line in physical:
        line = line.removesuffix("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        whole, last = "", number
        while line.endswith("\\"):
            whole += line[:-1] + "\n"
            last, line = next(physical, (0, ""))
            line = line.removesuffix("\r")
            if not last:
                raise DataError("the last line ends in a continuation; end it without \\", path, f"line {number}")
        if line.rstrip().endswith("\\"):
            raise DataError("white space follows the \\ at the end of the line; remove it", path, f"line {last}")
        yield number, (whole + line).strip()
