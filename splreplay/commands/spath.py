"""spath: extract values from a field that holds JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import limits
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.run.extracted import names
from splreplay.spl.options import Convert, read_options
from splreplay.sql import jsonpath
from splreplay.sql.values import Kind, Sql, as_text, literal


@dataclass(frozen=True)
class Spath(Transform):
    """`spath [input=field] [output=name] [[path=]path]`; without a path, every value that holds no others, named by its path."""

    streams = True

    path: str | None = None
    output: str = ""
    input: str = "_raw"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Spath:
        """Read the options and the path."""
        spec: dict[str, Convert] = {"input": str, "output": str, "path": str}
        options = read_options(cursor, spec)
        token = cursor.here
        if cursor.here.kind in ("word", "quoted") and "path" not in options:
            options["path"] = cursor.take().value
        options |= read_options(cursor, spec)
        if "path" not in options:
            if "output" in options:
                cursor.fail("output= names the field of one path", token, "write: spath output=name path=a.b")
            return cls(segment, **options)
        if jsonpath.steps(options["path"]) is None:
            cursor.fail(f"{options['path']!r} is not a path", token, "write for example a.b{}.c")
        return cls(segment, **{"output": options["path"], **options})

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.input,)

    def behind(self, before: Outputs) -> Outputs:
        return before.opened() if self.path is None else before.plus((self.output,))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the values at the path; where there are none, the output field is unchanged †."""
        value = rows.one_value(self.input, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        text = as_text(value)
        xml = run.stages.scalar(rf"SELECT count(*) FROM {rows.name} WHERE regexp_matches({text}, '^\s*<')")
        if xml:
            run.warn(
                f"spath reads JSON here, not XML: results of which {self.input} is XML, and gives nothing: {xml:,}"
            )
        if self.path is not None:
            found = {self.output: f"py_spath({text}, {literal(self.path)})"}
        else:
            found = {name: f"py_leaf({text}, {literal(name)})" for name in self._names(text, rows, run)}
        fields = {name: Sql(sql, Kind.MULTIVALUE).or_else(rows.field(name)) for name, sql in found.items()}
        return run.stages.with_fields(rows, fields)

    def _names(self, text: str, rows: Table, run: Run) -> list[str]:
        """Return the paths of all the values in the JSON of all the results, in the order in which they come."""
        long = f"SELECT count(*) FROM {rows.name} WHERE length({text}) > {limits.SPATH_CHARACTERS}"
        if cut := run.stages.scalar(long):
            characters = f"{limits.SPATH_CHARACTERS:,}"
            run.warn(
                f"spath without a path reads all of each text here, Splunk the first {characters} characters: {cut:,}"
            )
        found = names(f"py_leaves({text})", rows, run)
        if len(found) > limits.EXTRACTED_FIELDS:
            self.segment.refuse(
                f"replay's spath extracts at most {limits.EXTRACTED_FIELDS:,} fields", "name the path: path=a.b"
            )
        return found
