"""spath: extract values from a field that holds JSON."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from splreplay import jsonpath
from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, read_options
from splreplay.sql.values import Kind, Sql, as_text, literal


@dataclass(frozen=True)
class Spath(Transform):
    """`spath [input=field] [output=name] [path=]path`."""

    streams = True

    path: str
    output: str
    input: str = "_raw"

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Spath:
        """Read the options and the path.

        Raises:
            UnsupportedError: Without a path, for which Splunk extracts everything.
        """
        spec: dict[str, Convert] = {"input": str, "output": str, "path": str}
        options = read_options(cursor, spec)
        token = cursor.here
        if cursor.here.kind in ("word", "quoted") and "path" not in options:
            options["path"] = cursor.take().value
        options |= read_options(cursor, spec)
        if "path" not in options:
            cursor.refuse(
                "replay's spath takes one path at a time", token, "write: spath input=field output=name path=a.b"
            )
        if jsonpath.steps(options["path"]) is None:
            cursor.fail(f"{options['path']!r} is not a path", token, "write for example a.b{}.c")
        return cls(segment, **{"output": options["path"], **options})

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.input,)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus((self.output,))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the values at the path; where there are none, the output field is unchanged †."""
        value = rows.one_value(self.input, self.segment)
        if value.kind is Kind.NOTHING:
            return rows
        is_xml = rf"regexp_matches({as_text(value)}, '^\s*<')"
        xml = run.stages.scalar(f"SELECT count(*) FROM {rows.name} WHERE {is_xml}")
        if xml:
            run.warn(
                f"spath reads JSON here, not XML: results of which {self.input} is XML, and gives nothing: {xml:,}"
            )
        values = Sql(f"py_spath({as_text(value)}, {literal(self.path)})", Kind.MULTIVALUE)
        return run.stages.with_fields(rows, {self.output: values.or_else(rows.field(self.output))})
