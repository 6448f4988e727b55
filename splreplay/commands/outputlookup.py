"""outputlookup: write the results into a lookup, here a file in the folder that --outputlookup names.

Source: Search Reference, "outputlookup". Inference: several values of a field are one text, one on each line, and internal fields
are written as others are.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from splreplay.app.lookups import Row, as_csv
from splreplay.errors import DataError, SplError
from splreplay.run.command import Cursor, Run, Segment, Table, Transform
from splreplay.run.summary import FILE_NAME
from splreplay.spl.options import Convert, boolean, choice, count, read_options, refuse_options
from splreplay.spl.tokens import Token
from splreplay.sql.values import Value
from splreplay.writing import replacing

_SPEC: dict[str, Convert] = {
    "append": boolean,
    "create_empty": boolean,
    "override_if_empty": boolean,
    "max": count,
    # A replay has one folder of lookups.
    "createinapp": boolean,
    "create_context": choice("app", "user", "system"),
    "output_format": choice("splunk_sv_csv", "splunk_mv_csv"),
}
_REFUSED = ("key_field", "allow_updates")


@dataclass(frozen=True)
class OutputLookup(Transform):
    """`outputlookup options name`."""

    keeps_fields = True
    keeps_values = True

    name: str
    append: bool = False
    create_empty: bool = False
    max: int = 50_000_000  # Search Reference, "outputlookup"
    token: Token = dataclasses.field(default=Token("end", "", 0, 0), repr=False, compare=False)

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> OutputLookup:
        """Read the options, before or behind the name, and the name.

        Raises:
            UnsupportedError: For what only a KV store has, and for output_format=splunk_mv_csv.
        """
        start = cursor.here
        options = _read(cursor)
        token = cursor.here
        name = cursor.name("the name of a lookup")
        options |= _read(cursor)
        if options.pop("output_format", "") == "splunk_mv_csv":
            cursor.refuse("replay's outputlookup writes one text for several values", start, "leave output_format= out")
        for other in ("override_if_empty", "createinapp", "create_context"):
            options.pop(other, None)
        return cls(segment, name, token=token, **options)

    @property
    def names_all(self) -> bool:
        """False: every field is written."""
        return False

    def run(self, rows: Table, run: Run) -> Table:
        """Write the results and return them unchanged.

        With append=true the rows that the lookup had stay, and so do its fields: others are not written. No results are not written,
        unless create_empty=true.

        Raises:
            UnsupportedError: If there is no folder to write into, or the lookup is no plain CSV file.
            SplError: If the file cannot be written.
        """
        folder = run.means.lookups
        filename = run.app.lookup_settings(self.name)["filename"]
        if folder is None:
            message = "outputlookup writes a file, and replay does not choose where"
            self.segment.refuse(message, "name a folder: --outputlookup DIR")
        if not FILE_NAME.fullmatch(filename) or not filename.endswith(".csv"):
            self.segment.refuse(f"replay writes lookups that are called name.csv, not {filename!r}", token=self.token)
        if not run.stages.makes:
            return rows
        results = run.stages.fetch(run.stages.first(rows, self.max))
        if not results and not self.create_empty:
            run.warn(
                f"outputlookup had no results for {filename}, so it wrote nothing; Splunk may delete what was there"
            )
            return rows
        text = self._text(list(rows.columns), [_row(result) for result in results], run)
        path = _write(folder, filename, text, run)
        run.warn(f"outputlookup wrote {len(results):,} row{'s' if len(results) != 1 else ''} into {path}")
        return rows

    def _text(self, fields: list[str], rows: list[Row], run: Run) -> str:
        if not self.append:
            return as_csv(fields, rows) if rows else ""
        try:
            before = run.lookup(self.name)
        except DataError:  # there is none yet
            return as_csv(fields, rows)
        return as_csv(before.fields or fields, [*before.rows, *rows])


def _read(cursor: Cursor) -> dict[str, Any]:
    options = read_options(cursor, _SPEC)
    refuse_options(cursor, _REFUSED, "it writes CSV files, and no KV store")
    return options


def _row(result: Mapping[str, Value]) -> Row:
    return {name: value if isinstance(value, str) else "\n".join(value) for name, value in result.items()}


def _write(folder: Path, filename: str, text: str, run: Run) -> Path:
    """Write a file of *folder*, which is as it was if the run fails, and return its path."""
    path = folder / filename
    try:
        folder.mkdir(parents=True, exist_ok=True)
        before = path.read_bytes() if path.is_file() else None
        with replacing(path) as beside:
            beside.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        message = f"outputlookup cannot write {error.filename or folder}: {error.strerror}"
        raise SplError(message, "name another folder with --outputlookup") from error
    if before is None:
        run.failing.callback(path.unlink, missing_ok=True)
    else:
        run.failing.callback(path.write_bytes, before)
    return path
