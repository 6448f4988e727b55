"""
The answers of `rules` and `table` for many results at once. Without this module all is the same, but slower.

Most results are ordinary: printable ASCII, one value a field, none that a rule drops or rewrites. What the rules say
of one differs from what they say of the next only where its values stand. So the rules are asked about a result
whose values are marks, and their answer is a form: it is filled with the values of each row and set behind the
row's text, which is not taken apart and written anew. A result that is not ordinary gets a form of its own, and a
chunk that is no plain table, or has columns named like ours, is left to the caller.
"""

from __future__ import annotations

import csv
import io
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain, compress, islice, repeat, tee, zip_longest
from typing import NamedTuple

import installutil_rba_rules as rules
import installutil_rba_table as table
import installutil_rba_wire as wire
from installutil_rba_fields import ANNOTATION
from installutil_rba_lookups import TOKEN, Configuration
from installutil_rba_values import PLACEHOLDERS, Record

_BLOCK = 1000  # results worked on at a time: few enough to stay in the processor's cache
_PIECE = 100_000  # characters of a chunk whose lines are cut at a time
_REMEMBERED = 10_000  # forms, and verdicts on values, that are kept in case they are needed again
_ADDRESS = re.compile(r":|\n[0-9\[]")  # is somewhere in a column that holds an address

_OURS = table.made_of(ANNOTATION, []).header
_FINDING_ID = "risk_finding_id"
_ROW = "\n"  # the row's own text, among the columns

Columns = Mapping[str, Sequence[str]]

# A mark stands for a field's value. No value looks like one, by chance or by intent, and neither lower() nor the
# quoting of CSV and JSON changes it.
_SECRET = os.urandom(8).hex()
_MARK = re.compile(f"(q{_SECRET}[0-9]+q)")


class Answer(NamedTuple):
    """The body of a reply in pieces, and how many results are in it."""

    body: list[bytes]
    results: int
    without_object: int


class FastPath:
    """Annotates whole chunks for one detection."""

    def __init__(self, configuration: Configuration, missing: str) -> None:
        """Take what `rules.annotate` takes."""
        self._forms = lru_cache(1)(lambda header: _Forms(configuration, missing, header))

    def annotate(self, body: str) -> Answer | None:
        """Return the answer to a chunk, or None where only the caller can tell."""
        lines, texts = tee(chain.from_iterable(map(io.StringIO, _pieces(body))))
        reader = table.reader(lines)
        results = without_object = 0
        try:
            header: list[str] = next(reader, [])
            forms = self._forms(tuple(header))
            if not forms.usable:
                return None
            end = reader.line_num
            (header_text,) = _texts(list(islice(texts, end)), 1)
            out = [wire.encoded(f"{header_text},{','.join(_OURS)}\r\n")]
            for rows in iter(lambda: list(islice(reader, _BLOCK)), []):
                if {*map(len, rows)} != {len(header)}:
                    return None
                start, end = end, reader.line_num
                answers, objectless = forms.filled(rows, _texts(list(islice(texts, end - start)), len(rows)))
                out.append(wire.encoded("\r\n".join([*answers, ""])))
                results += len(rows)
                without_object += objectless
        except csv.Error:
            return None
        return Answer(out if results else [], results, without_object)


def _pieces(body: str) -> Iterator[str]:
    """Yield the body in pieces of whole lines: a StringIO takes four bytes a character, so one of it all is large."""
    start = 0
    while start < len(body):
        end = body.find("\n", start + _PIECE) + 1 or len(body)
        yield body[start:end]
        start = end


class _Ordinary:
    """What a value must not be, or hold, to be put into a form."""

    def __init__(self, characters: str, values: frozenset[str], parts: Iterable[str] = (), addresses: bool = False):
        """Take characters and parts that no value may hold, texts and perhaps addresses that none may be."""
        self._characters = characters
        self._values = values
        self._parts = ("\n ", " \n", *parts)
        self._addresses = addresses
        self.is_met_by = lru_cache(_REMEMBERED)(lambda value: self.is_met_by_all((value,)))

    def is_met_by_all(self, column: Sequence[str]) -> bool:
        """Tell whether all values are ordinary; it may deny it of some that are, but not the other way round."""
        joined = "\n".join(column)
        lowered = joined.lower()
        framed = f"\n{lowered}\n"
        return (
            joined.isascii()
            and joined.count("\n") == len(column) - 1
            and joined.replace("\n", "").isprintable()
            and not any(character in joined for character in self._characters)
            and not any(part in framed for part in self._parts)
            and not (self._addresses and _ADDRESS.search(framed))
            and self._values.isdisjoint(lowered.split("\n"))
        )


def _unless_ignored(configuration: Configuration) -> _Ordinary:
    """Return the test of values that are shown as they are, and are no ignored object of any type."""
    patterns = [ignored.pattern for ignored in configuration.ignored]
    texts = [pattern.text.lower().split("*") for pattern in patterns if not pattern.is_network]
    return _Ordinary(
        '"$',
        PLACEHOLDERS.union(*(text for text in texts if len(text) == 1)),
        [max(text, key=len) for text in texts if len(text) > 1],
        any(pattern.is_network for pattern in patterns),
    )


class _Form(NamedTuple):
    """What the rules say of some results: pieces of text, between which the values of *fields* belong."""

    pieces: tuple[str, ...]
    fields: tuple[str, ...]
    scored: bool


class _Forms:
    """The forms for results under one header."""

    def __init__(self, configuration: Configuration, missing: str, header: Sequence[str]) -> None:
        self._configuration = configuration
        self._missing = missing
        self._header = list(header)
        self._fields = rules.fields_read(configuration)

        def present(fields: Iterable[str]) -> tuple[str, ...]:
            return tuple(sorted({*fields}.intersection(header)))

        detection, risk = configuration.detection, configuration.risk_entities
        self._named = present(detection.finding_fields)
        self._shown = present([*TOKEN.findall(detection.risk_message), *(entity.field for entity in risk)])
        # Threat objects and score modifiers depend on what a value is, so no mark can stand for it.
        self._rated = present(entity.field for entity in configuration.threat_entities + configuration.modifiers)
        self._said = present((*self._shown, *self._rated))
        self._several = present(f"__mv_{field}" for field in self._fields)
        # Of two fields for one type of risk object, both may hold the same, which counts once.
        types = [entity.object_type for entity in risk]
        self.usable = bool(self._named and self._rated) and len(types) == len({*types}) and {*_OURS}.isdisjoint(header)

        marked = {*self._said, *self._named, _FINDING_ID, _ROW}
        self._mark = {field: f"q{_SECRET}{number}q" for number, field in enumerate(marked)}
        self._marked = {mark: field for field, mark in self._mark.items()}
        self._identity = self._form(rules.identity(detection, {field: self._mark[field] for field in self._named}))
        self._fits_identity = _Ordinary('"\\', PLACEHOLDERS)
        self._fits_answer = _unless_ignored(configuration)
        self._shared = lru_cache(_REMEMBERED)(self._shared_form)
        self._own = lru_cache(_REMEMBERED)(self._own_form)
        self._order = self._shared(("",) * len(self._rated)).fields

    def filled(self, rows: Sequence[list[str]], texts: Sequence[str]) -> tuple[list[str], int]:
        """Return for each row its text with the answer behind it, and how many rows have no risk object."""
        # Of two columns with one name the first counts, as in Table.records.
        columns: dict[str, Sequence[str]] = dict(zip(reversed(self._header), reversed(list(zip(*rows)))))
        columns[_FINDING_ID] = self._finding_ids(rows, columns)
        columns[_ROW] = texts

        ordinary, odd = self._parted(self._fits_answer, self._shown, columns)
        shared = [*map(self._shared, zip(*_taken(columns, self._rated, ordinary)))]
        own = [*map(self._own, zip(*_taken(columns, (*self._said, *self._several), odd)))]
        answers = _merged(
            ordinary,
            _joined(zip(*(form.pieces for form in shared)), _taken(columns, self._order, ordinary)),
            _joined(zip(*(form.pieces for form in own)), _taken(columns, (_ROW, _FINDING_ID), odd)),
        )
        return answers, sum(not form.scored for form in shared + own)

    def _finding_ids(self, rows: Sequence[list[str]], columns: Columns) -> list[str]:
        ordinary, odd = self._parted(self._fits_identity, self._named, columns)
        lowered = [map(str.lower, column) for column in _taken(columns, self._identity.fields, ordinary)]
        records = table.Table(self._header, list(compress(rows, odd))).records(self._fields)
        return _merged(
            ordinary,
            map(rules.digest, _joined(map(repeat, self._identity.pieces), lowered)),
            (rules.finding_id(self._configuration.detection, record) for record in records),
        )

    def _parted(self, test: _Ordinary, fields: Iterable[str], columns: Columns) -> tuple[list[bool], list[bool]]:
        """Return which rows are ordinary in all *fields*, and which are not."""
        odd = [False] * len(columns[self._named[0]])
        for field in fields:
            if not test.is_met_by_all(columns[field]):
                odd = [was or not test.is_met_by(value) for was, value in zip(odd, columns[field])]
        for field in self._several:
            if any(columns[field]):
                odd = [was or value != "" for was, value in zip(odd, columns[field])]
        return [not one for one in odd], odd

    def _shared_form(self, cells: tuple[str, ...]) -> _Form:
        """Return the form of ordinary results that have these values in the rated fields."""
        record = {**{field: self._mark[field] for field in self._shown}, **dict(zip(self._rated, cells))}
        # What is ordinary is no ignored object, and a mark must not be taken for one.
        return self._answer(self._configuration._replace(ignored=()), record)

    def _own_form(self, cells: tuple[str, ...]) -> _Form:
        """Return the form of results that have these values wherever it matters but for the id."""
        (record,) = table.Table([*self._said, *self._several], [list(cells)]).records(self._fields)
        return self._answer(self._configuration, record)

    def _answer(self, configuration: Configuration, record: Record) -> _Form:
        finding = rules.annotate(configuration, record, self._missing)
        finding[_FINDING_ID] = self._mark[_FINDING_ID]
        (cells,) = table.made_of(ANNOTATION, [finding]).rows
        quoted = ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)
        return self._form(f"{self._mark[_ROW]},{quoted}", finding["risk_status"] == rules.SCORED)

    def _form(self, text: str, scored: bool = True) -> _Form:
        pieces = _MARK.split(text)
        return _Form(tuple(pieces[::2]), tuple(self._marked[mark] for mark in pieces[1::2]), scored)


def _taken(columns: Columns, fields: Iterable[str], selected: Sequence[bool]) -> list[Iterator[str]]:
    """Return the columns of *fields*, the selected rows alone."""
    return [compress(columns[field], selected) for field in fields]


def _joined(pieces: Iterable[Iterable[str]], values: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a text for each row: columns of pieces and columns of values by turns."""
    return map("".join, zip(*chain.from_iterable(zip_longest(pieces, values, fillvalue=repeat("")))))


def _merged(first: Sequence[bool], these: Iterator[str], those: Iterator[str]) -> list[str]:
    """Return one of *these* where *first* is true, else one of *those*."""
    return list(these) if all(first) else [next(these if one else those) for one in first]


def _texts(lines: Sequence[str], count: int) -> list[str]:
    """Return the text of each of *count* rows, which may span several lines."""
    if len(lines) == count:
        return [line.rstrip("\r\n") for line in lines]
    reader = table.reader(lines)
    ends = [0, *(reader.line_num for _ in reader)]
    return ["".join(lines[start:end]).rstrip("\r\n") for start, end in zip(ends, ends[1:])]
