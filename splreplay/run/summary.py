"""Summary indexes: the files in the folder of --collect, which `collect` writes and `search` reads beside the log.

A run writes a file of its own, `1_events.stash_hec` and so on, as Splunk writes `<random number>_events.stash_hec`. What
stands in it is the event format of the HTTP Event Collector, one JSON object a line. Inference: the page on `collect` says
"HEC JSON formatted output" and "all fields are automatically indexed", and shows no example.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import count
from pathlib import Path

from splreplay.errors import DataError, SplError
from splreplay.sql.values import Value

METADATA = ("host", "source", "sourcetype", "index")
# indexes.conf.spec, [<index name>]; those of Splunk's own begin with _ and are not for searches to write into.
INDEX_NAME = re.compile(r"(?!.*kvstore)[a-z0-9][a-z0-9_-]{0,79}")
FILE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
SUFFIXES = {"raw": ".stash", "hec": ".stash_hec"}


def write(folder: Path, name: str | None, suffix: str, text: str) -> Path:
    """Write *text* into a new file of *folder* and return its path; a file without a *name* gets a number.

    Raises:
        SplError: If it cannot be written, or is there already.
    """
    paths = (folder / name for name in ([name] if name else (f"{number}_events{suffix}" for number in count(1))))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths:
            try:
                file = path.open("x", encoding="utf-8", newline="\n")  # x: never over what is there
            except FileExistsError:
                if name:
                    raise
                continue
            try:
                with file:
                    file.write(text)
            except BaseException:  # a full disk, an interrupt: no part of the file is kept
                path.unlink()
                raise
            return path
    except OSError as error:
        message = f"collect cannot write {error.filename or folder}: {error.strerror}"
        raise SplError(message, "name another folder with --collect") from error
    raise AssertionError("the numbers do not end")


def hec(time: str, index: str, fields: Mapping[str, Value]) -> str:
    """Return one event as a line; host, source and sourcetype are taken from its fields."""
    event = {name: value for name, value in fields.items() if name not in (*METADATA, "splunk_server")}
    metadata = {name: fields[name] for name in ("host", "source") if name in fields}
    sourcetype = fields.get("sourcetype", "stash_hec")
    return json.dumps({"time": time, "index": index, "sourcetype": sourcetype, **metadata, "event": event})


def read(folder: Path) -> Iterator[dict[str, Value]]:
    """Yield the events of every summary index, as results.

    Raises:
        DataError: If a line is no such event; names file and line.
    """
    for path in sorted(folder.glob(f"*{SUFFIXES['hec']}")):
        try:
            lines = path.read_text(encoding="utf-8").split("\n")
        except (OSError, UnicodeDecodeError) as error:
            raise DataError(f"cannot be read: {error}", str(path)) from error
        for number, line in enumerate(lines, start=1):
            if line:
                yield _result(line, path, number)


def _result(line: str, path: Path, number: int) -> dict[str, Value]:
    try:
        record = json.loads(line)
        fields = {**{name: record[name] for name in METADATA if name in record}, **record["event"]}
        result = {name: _value(value) for name, value in fields.items()}
        return result | {"_time": repr(float(record["time"]))}
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise DataError(f"this is no event that collect wrote: {error!r}", str(path), f"line {number}") from error


def _value(value: object) -> Value:
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return value
    if isinstance(value, str):
        return value
    raise ValueError(f"a value is text or a list of texts, not {value!r}")


def unread(folder: Path) -> Sequence[Path]:
    """Return the files of the other format, which is not read: the documents do not say exactly how Splunk extracts its fields."""
    return sorted(folder.glob(f"*{SUFFIXES['raw']}"))
