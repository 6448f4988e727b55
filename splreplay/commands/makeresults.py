"""makeresults: make results without any events."""

from __future__ import annotations

import csv
import io
import json
import math
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import NONE, Cursor, Outputs, Run, Segment, Source, Table
from splreplay.spl.options import Convert, boolean, choice, count, read_options, refuse_options
from splreplay.sql.values import Kind, Sql, Value, number


@dataclass(frozen=True)
class MakeResults(Source):
    """`makeresults [count=n]`, or `makeresults format=csv|json data=text`."""

    count: int = 1
    rows: tuple[dict[str, Value | None], ...] | None = None

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> MakeResults:
        """Read the options.

        Raises:
            UnsupportedError: For annotate=true, whose fields name a Splunk server.
        """
        refuse_options(cursor, ("splunk_server", "splunk_server_group"), "there is no server here")
        start = cursor.here
        spec: dict[str, Convert] = {"count": count, "annotate": boolean, "format": choice("csv", "json"), "data": str}
        options = read_options(cursor, spec)
        if options.get("annotate"):
            cursor.refuse("replay's makeresults has no server to annotate with", start)
        if options.get("count", 1) > limits.MAKERESULTS_MAX:
            cursor.refuse(f"replay makes at most {limits.MAKERESULTS_MAX:,} results", start)
        if ("format" in options) != ("data" in options):
            cursor.fail("format= and data= go together", start)
        rows: tuple[dict[str, Value | None], ...] | None = None
        if "data" in options:
            try:
                rows = tuple(_csv(options["data"]) if options["format"] == "csv" else _json(options["data"]))
            except (ValueError, csv.Error) as error:
                cursor.fail(f"data= is not {options['format']}: {error}", start)
        return cls(segment, options.get("count", 1), rows)

    def behind(self, before: Outputs) -> Outputs:
        return NONE.plus(["_time"] if self.rows is None else (name for row in self.rows for name in row))

    def start(self, run: Run) -> Table:
        """Return the results; without data, each has the time of the run as `_time`."""
        if self.rows is not None:
            names = dict.fromkeys(name for row in self.rows for name in row)
            return run.stages.from_python(list(names), self.rows)
        return run.stages.store(
            {"_time": Sql(number(math.floor(run.time.now)), Kind.NUMBER)}, f"FROM range({self.count})", "range"
        )


def _csv(text: str) -> list[dict[str, Value | None]]:
    names, *rows = list(csv.reader(io.StringIO(text, newline=""), strict=True)) or [[]]
    for row in rows:
        if row and len(row) != len(names):
            raise ValueError(f"a row has {len(row)} cells under {len(names)} names")
    return [{name: value or None for name, value in zip(names, row, strict=True)} for row in rows if row]


def _json(text: str) -> list[dict[str, Value | None]]:
    rows = json.loads(text)
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ValueError("it must be an array of objects")
    return [{name: _json_value(value) for name, value in row.items()} for row in rows]


def _json_value(value: object) -> Value | None:
    if isinstance(value, list):
        return [str(_json_value(element)) for element in value] or None
    if value is None:
        return None
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()  # a lone surrogate is JSON, but no text
    return json.dumps(value)
