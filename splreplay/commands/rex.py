"""rex: extract fields with the named groups of a regular expression, or edit a field as sed does."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from splreplay.run.command import Outputs, Run, Segment, Table, Transform
from splreplay.spl.options import Convert, choice, count, read_options, refuse_options
from splreplay.spl.tokens import Cursor, Token
from splreplay.sql.patterns import check, extracted, group_count, named_groups, replaced
from splreplay.sql.values import EACH, Kind, Sql, as_text, literal, or_null

_REFUSED = ("offset_field",)
_WHY = "compute a place with eval: len(mvindex(split(field, text), 0))"


@dataclass(frozen=True)
class Rex(Transform):
    """`rex [field=name] [max_match=count] "pattern"`; a max_match of 0 takes every match."""

    streams = True
    by_name = True

    field: str
    pattern: str
    max_match: int = 1

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Rex | Sed:
        """Read the options and the pattern.

        Raises:
            UnsupportedError: For offset_field=.
        """
        spec: dict[str, Convert] = {"field": str, "max_match": count, "mode": choice("sed")}
        options = read_options(cursor, spec)
        refuse_options(cursor, _REFUSED, _WHY)
        token = cursor.here
        if token.kind != "quoted":
            cursor.fail("expected a pattern in double quotes")
        cursor.take()
        options |= read_options(cursor, spec)
        refuse_options(cursor, _REFUSED, _WHY)
        field = options.get("field", "_raw")
        if "mode" in options:
            return _parse_sed(cursor, segment, field, token.value)
        check(token.value, cursor, token)
        if not named_groups(token.value):
            cursor.fail("this pattern has no named group, so nothing to extract", token, "write (?<field>…)")
        return cls(segment, field, token.value, options.get("max_match", 1))

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def behind(self, before: Outputs) -> Outputs:
        return before.plus(named_groups(self.pattern))

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with a field for each named group that took part in a match; other fields are unchanged.

        A group that matches an empty text gives no value †. Of a field of several values, each is matched, max_match times †.
        """
        source = rows.field(self.field)
        several = source.kind is Kind.MULTIVALUE

        def group(number: int) -> Sql:
            found = extracted(EACH if several else as_text(source), self.pattern, number, self.max_match)
            if several:
                found = f"flatten(list_transform({source.text}, lambda {EACH}: {found}))"
            if self.max_match == 1 and not several:
                return Sql(f"nullif({found}[1], '')", Kind.TEXT)
            return Sql(or_null(f"list_filter({found}, lambda {EACH}: {EACH} != '')"), Kind.MULTIVALUE)

        groups = named_groups(self.pattern).items()
        return run.stages.with_fields(rows, {name: group(number).or_else(rows.field(name)) for name, number in groups})


@dataclass(frozen=True)
class Sed(Transform):
    """`rex [field=name] mode=sed "s/pattern/text/flags"`, or `"y/characters/others/"`."""

    streams = True
    keeps_fields = True

    field: str
    letter: str
    pattern: str
    by: str
    everywhere: bool

    def uses(self, needed: bool = False) -> Iterable[str]:
        return (self.field,)

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results with the field edited, or each of its values †."""
        value = rows.field(self.field)
        if value.kind is Kind.NOTHING:
            return rows
        if value.kind is Kind.MULTIVALUE:
            edited = Sql(f"list_transform({value.text}, lambda {EACH}: {self._edited(EACH)})", Kind.MULTIVALUE)
        else:
            edited = Sql(self._edited(as_text(value)), Kind.TEXT)
        return run.stages.with_fields(rows, {self.field: edited})

    def _edited(self, text: str) -> str:
        if self.letter == "y":
            return f"translate({text}, {literal(self.pattern)}, {literal(self.by)})"
        return replaced(text, self.pattern, self.by, 0 if self.everywhere else 1)


def _parse_sed(cursor: Cursor, segment: Segment, field: str, text: str) -> Sed:
    """Return the edit that *text* describes; its separator may be any character, which is escaped inside of the parts."""
    token = next(word for word in cursor.tokens if word.kind == "quoted")
    letter, separator = text[:1], re.escape(text[1:2])
    part = rf"((?:\\.|(?!{separator})[^\\])*)"
    match = re.fullmatch(rf".{separator}{part}{separator}{part}{separator}(\w*)", text, re.S) if separator else None
    if match is None or letter not in ("s", "y"):
        cursor.fail("this is no sed expression", token, 'write "s/pattern/text/g" or "y/abc/xyz/"')
    pattern, by, flags = match.groups()
    by = by.replace(f"\\{text[1]}", text[1])
    if letter == "y" or re.match(r"\w|[^\0-\x7f]", text[1]):  # another separator may need its backslash in the pattern
        pattern = pattern.replace(f"\\{text[1]}", text[1])
    if letter == "y" and len(pattern) != len(by):
        cursor.fail("y needs as many characters on one side as on the other", token)
    if flags not in ("", "g") or (letter == "y" and flags):
        cursor.refuse(f"replay's sed knows the flag g, not {flags!r}", token)
    if letter == "s":
        check(pattern, cursor, token)
        _check_new_text(cursor, token, pattern, by)
    return Sed(segment, field, letter, pattern, by, flags == "g")


def _check_new_text(cursor: Cursor, token: Token, pattern: str, by: str) -> None:
    """Refuse in the new text a backslash before anything but a group or a backslash, and a group that does not exist."""
    known = re.compile(r"\\(?:([0-9])|\\)")
    if stray := re.search(r"\\.?", known.sub("", by), re.S):
        hint = "write \\1 for the first group, \\\\ for a backslash; eval's replace() takes any other as it is"
        cursor.refuse(f"replay's sed does not know {stray.group()} in the new text", token, hint)
    for number in known.findall(by):
        if number and int(number) > group_count(pattern):
            cursor.fail(f"the pattern has no group \\{number}", token)
