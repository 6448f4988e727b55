"""lookup: add fields from the matching rows of a lookup table (Search Reference, "lookup"; transforms.conf.spec)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from splreplay.app.lookups import LookupTable
from splreplay.run.command import ORDER, Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import boolean, read_options, refuse_options
from splreplay.spl.tokens import Cursor
from splreplay.sql.predicates import like_pattern
from splreplay.sql.values import EACH, Kind, Sql, Value, as_list, as_text, literal

# Before the name of a field of a lookup, for its pattern; no field has it in its name.
_PATTERN = "\0"
Pair = tuple[str, str]  # the name in the lookup, the name in the results


@dataclass(frozen=True)
class Lookup(Transform):
    """`lookup [local=] [update=] name field [AS event_field] … [OUTPUT|OUTPUTNEW field [AS event_field] …]`."""

    name: str
    matches: tuple[Pair, ...]
    outputs: tuple[Pair, ...]
    overwrite: bool

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Lookup:
        """Read the name, the fields to match and those to add.

        Raises:
            UnsupportedError: For event_time_field=.
        """
        # Nothing here is distributed, or changes while it runs. Their values are checked.
        read_options(cursor, {"local": boolean, "update": boolean})
        refuse_options(cursor, ("event_time_field",), "replay reads CSV lookups of the app")
        name = cursor.name("the name of a lookup")
        matches = _pairs(cursor)
        overwrite = not cursor.here.is_word("outputnew")
        outputs: list[Pair] = []
        if cursor.accept_word("output", "outputnew"):
            outputs = _pairs(cursor)
        return cls(segment, name, tuple(matches), tuple(outputs), overwrite)

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (mine for _, mine in self.matches)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(mine for _, mine in self.outputs) if self.outputs else before.opened()

    def run(self, rows: Table, run: Run) -> Table:
        """Return every result with the fields of the rows that match it; several matches give several values."""
        lookup = run.lookup(self.name)
        outputs = self.outputs or tuple(
            (name, name) for name in lookup.fields if name not in {theirs for theirs, _ in self.matches}
        )
        for theirs, _ in outputs:
            lookup.require(theirs)
        table = _with_patterns(lookup, [theirs for theirs, _ in self.matches], run)
        keys = {f"k{number}": rows.field(mine) for number, (_, mine) in enumerate(self.matches)}
        tests = [
            _match(lookup, table, theirs, Sql(f"d.{key}", sql.kind))
            for (theirs, _), (key, sql) in zip(self.matches, keys.items(), strict=True)
        ]
        listed = ", ".join(
            f"list(t.{table.field(theirs).text} ORDER BY t.{ORDER}) AS o{number}"
            for number, (theirs, _) in enumerate(outputs)
        )
        # Results share most values, so each value is looked up once.
        distinct = f"SELECT DISTINCT {', '.join(f'{sql.text} AS {key}' for key, sql in keys.items())} FROM {rows.name}"
        inner = (
            f"SELECT d.*, t.* FROM ({distinct}) d JOIN {table.name} t ON {' AND '.join(tests)} "
            f"QUALIFY row_number() OVER (PARTITION BY {', '.join(f'd.{key}' for key in keys)} ORDER BY t.{ORDER}) <= {lookup.max_matches}"
        )
        matched = f"SELECT {', '.join(keys)}, {listed} FROM ({inner}) t GROUP BY {', '.join(keys)}"
        fields = {name: column.of("r") for name, column in rows.columns.items()}
        for number, (_, mine) in enumerate(outputs):
            fields[mine] = self._output(f"f.o{number}", lookup, rows.field(mine))
        same = " AND ".join(f"f.{key} IS NOT DISTINCT FROM {sql.of('r').text}" for key, sql in keys.items())
        return run.stages.store(fields, f"FROM {rows.name} r LEFT JOIN ({matched}) f ON {same}", f"r.{ORDER}")

    def _output(self, values: str, lookup: LookupTable, current: Sql) -> Sql:
        """Return one output: nothing if the matching row has no value there; the default, if any, if no row matches."""
        present = f"list_filter({values}, lambda {EACH}: {EACH} IS NOT NULL)"
        default = f"[{literal(lookup.default_match)}]" if lookup.default_match is not None else "NULL"
        if lookup.max_matches == 1:
            kind, output = Kind.TEXT, f"coalesce({present}, {default})[1]"
        else:
            kind, output = Kind.MULTIVALUE, f"nullif(coalesce({present}, {default}), [])"
        if self.overwrite or current.kind is Kind.NOTHING:
            return Sql(f"({output})", kind)
        mine = current.of("r")
        if kind is Kind.MULTIVALUE or current.kind is Kind.MULTIVALUE:
            return Sql(f"coalesce({as_list(mine)}, {as_list(Sql(output, kind))})", Kind.MULTIVALUE)
        return Sql(f"coalesce({as_text(mine)}, {output})", Kind.TEXT)


def _pairs(cursor: Cursor) -> list[Pair]:
    pairs: list[Pair] = []
    while cursor.here.kind in ("word", "quoted") and not cursor.here.is_word("output", "outputnew"):
        theirs = cursor.name()
        mine = cursor.name() if cursor.accept_word("as") else theirs
        pairs.append((theirs, mine))
        cursor.accept_op(",")
    if not pairs:
        cursor.fail("expected a field of the lookup")
    return pairs


def _with_patterns(lookup: LookupTable, matched: Iterable[str], run: Run) -> Table:
    """Return the rows of a lookup; beside a field that is matched by wildcards stands its pattern for LIKE."""
    patterns = {theirs: _PATTERN + theirs for theirs in matched if lookup.match_types.get(theirs) == "WILDCARD"}
    rows: list[dict[str, Value | None]] = []
    for row in lookup.rows:
        made = {patterns[name]: like_pattern(text) for name in patterns if (text := row.get(name)) is not None}
        rows.append({**row, **made})
    return run.stages.from_python([*lookup.fields, *patterns.values()], rows)


def _match(lookup: LookupTable, table: Table, theirs: str, value: Sql) -> str:
    """Return SQL for whether the lookup's field *theirs* matches *value*; for a multivalue, one of its values is enough."""
    lookup.require(theirs)
    pattern = f"t.{table.field(theirs).text}"
    fold: Callable[[str], str] = (lambda text: text) if lookup.case_sensitive else (lambda text: f"lower({text})")

    def test(text: str) -> str:
        way = lookup.match_types.get(theirs, "EXACT")
        if way == "CIDR":
            return f"py_cidrmatch({pattern}, {text})"
        if way == "WILDCARD":
            return f"{fold(text)} LIKE {fold(f't.{table.field(_PATTERN + theirs).text}')} ESCAPE '\\'"
        return f"{fold(text)} = {fold(pattern)}"

    if value.kind is Kind.MULTIVALUE:
        return f"coalesce(len(list_filter({value.text}, lambda {EACH}: {test(EACH)})) > 0, false)"
    if value.kind is Kind.NOTHING:
        return "false"
    return f"coalesce({test(as_text(value))}, false)"
