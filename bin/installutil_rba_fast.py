"""
The answers of `rules` and `table` for many results at once. Without this module the answers are the same, but slower.

Most values are ordinary: printable ASCII that no rule drops or rewrites. The rules say the same of two results that
differ only in ordinary values. So the rules are asked once, about a result in which marks stand for such values. Their
answer is a form. For each result, the form is filled with the values and appended to the result's own text, which is
not written again. A value that is not ordinary stays in the form as it is. What depends on the values themselves is
worked out for each result: the finding id, the threat objects, the score modifiers that apply. The caller answers a
chunk that is not a plain table, or that has columns named like ours.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import chain, compress, islice, repeat, zip_longest
from typing import Callable, NamedTuple, TypeVar

import installutil_rba_rules as rules
import installutil_rba_table as table
from installutil_rba_fields import ANNOTATION
from installutil_rba_lookups import RISK_OBJECT, TOKEN, Configuration, Entity, ScoreModifier, message_fields
from installutil_rba_values import PLACEHOLDERS, Pattern, Record

_BLOCK = 500  # results worked on at a time: few enough to stay in the processor's cache
_REMEMBERED = 10_000  # answers that are kept of each kind
_LONGEST_REMEMBERED = 1000  # characters: a longer text is unlikely to come again
_ADDRESS = re.compile(r":|\n[0-9\[]")  # found somewhere in a column that holds an address
_VALUE_END, _ROW_END = "\ud800", "\ud801"  # no text that was UTF-8 holds them

_OURS = table.made_of(ANNOTATION, []).header
# Besides the values of fields, what differs between the results of a form: the row's own text, and three of our cells.
_OWN = _ROW, _FINDING_ID, _THREATS, _MV_THREATS = "\n", "risk_finding_id", "threat_objects", table.MV + "threat_objects"

Columns = Mapping[str, Sequence[str]]
Cells = tuple[str, ...]
Slot = tuple[str, int]  # a field and the number of one of its values; 0 for what is in _OWN
K = TypeVar("K", bound=Hashable)
T = TypeVar("T")

# A mark stands for a value. No value looks like one, by chance or by intent. Lowercasing, and quoting in CSV and JSON,
# do not change a mark.
_SECRET = os.urandom(8).hex()
_MARK = re.compile(f"(q{_SECRET}[0-9]+q)")
_MARKED = 20  # values of one field that can have marks


class NotPlainError(Exception):
    """A chunk is not a plain table, or has columns named like ours: only the plain path can answer it."""


class FastPath:
    """Annotates whole chunks for one detection."""

    def __init__(self, configuration: Configuration, missing: str) -> None:
        """Take what `rules.annotate` takes."""
        self._forms = lru_cache(1)(lambda header: _Forms(configuration, missing, header))

    def annotate(self, body: str, tally: Counter[str]) -> Iterator[str]:
        """
        Yield the answer to a chunk in pieces, and count what risk_status begins with.

        Raises:
            NotPlainError: The answer, or the rest of it, cannot be given here.
        """
        row_lines: list[str] = []  # the lines of the row that is read
        reader = table.reader(_kept(table.lines(body), row_lines))
        try:
            header: list[str] = next(reader, [])
            forms = self._forms(tuple(header))
            if not forms.usable:
                raise NotPlainError
            lines_before = [f"{_text(row_lines)},{','.join(_OURS)}"]
            while True:
                rows, texts = [], []
                for row in islice(reader, _BLOCK):
                    rows.append(row)
                    texts.append(_text(row_lines))
                if not rows:
                    return
                if {*map(len, rows)} != {len(header)}:
                    raise NotPlainError
                yield "\r\n".join([*lines_before, *forms.filled(rows, texts, tally), ""])
                lines_before = []
        except csv.Error as error:
            raise NotPlainError from error


class _Memory(dict[K, T]):
    """Answers of a function, kept in case the same key comes again."""

    def __init__(self, function: Callable[[K], T], length: Callable[[K], int]) -> None:
        """Take the function, and one that returns how many characters a key has."""
        self._function = function
        self._length = length

    def __missing__(self, key: K) -> T:
        answer = self._function(key)
        if self._length(key) <= _LONGEST_REMEMBERED:
            if len(self) >= _REMEMBERED:
                self.clear()
            self[key] = answer
        return answer


class _Ordinary:
    """The test of whether values can be put into a form."""

    def __init__(self, characters: str, values: frozenset[str], parts: Sequence[str] = (), addresses: bool = False):
        """Take the characters and parts that no value may hold, and the values, perhaps any address, that none may be."""
        self._allowed = bytes({*range(ord(" "), ord("~") + 1)}.difference(characters.encode()))
        self._values = values
        self._parts = parts
        self._addresses = addresses
        self.is_met_by = _Memory[str, bool](lambda value: self.is_met_by_all([value]), len).__getitem__

    def is_met_by_all(self, column: Sequence[str]) -> bool:
        """Tell whether all values are ordinary: it may wrongly say that they are not, but never that they are."""
        joined = "\n".join(column)
        lowered = joined.lower()
        framed = f"\n{lowered}\n"
        return (
            joined.encode("utf-8", "surrogateescape").translate(None, self._allowed) == b"\n" * (len(column) - 1)
            and not (" " in joined and ("\n " in framed or " \n" in framed))
            and not any(part in framed for part in self._parts)
            and not (self._addresses and _ADDRESS.search(framed))
            and self._values.isdisjoint(lowered.split("\n"))
        )


def _unless_ignored(patterns: Sequence[Pattern]) -> _Ordinary:
    """Return the test of values that are shown as they are, and match no pattern."""
    texts = [pattern.text.lower().split("*") for pattern in patterns if not pattern.is_network]
    return _Ordinary(
        '"$',
        PLACEHOLDERS.union(*(text for text in texts if len(text) == 1)),
        [max(text, key=len) for text in texts if len(text) > 1],
        any(pattern.is_network for pattern in patterns),
    )


class _Form(NamedTuple):
    """What the rules say of some results: pieces of text, with the value of a slot between each two of them."""

    pieces: tuple[str, ...]
    slots: tuple[Slot, ...]
    status: str  # what risk_status begins with

    def filled(self, values: Mapping[Slot, str]) -> str:
        """Return the text with these values in it."""
        return "".join(chain.from_iterable(zip_longest(self.pieces, map(values.__getitem__, self.slots), fillvalue="")))


class _Forms:
    """The forms for results under one header."""

    def __init__(self, configuration: Configuration, missing: str, header: Sequence[str]) -> None:
        self._configuration = configuration
        self._missing = missing
        self._header = list(header)

        def present(fields: Iterable[str]) -> Cells:
            return tuple(sorted({*fields}.intersection(header)))

        detection, risk = configuration.detection, configuration.risk_entities
        fields = present(rules.fields_read(configuration))
        # The fields that name the finding, those that the answer shows, and those that change the score.
        self._named = present(detection.finding_fields)
        self._shown = present([*message_fields(detection.risk_message), *(entity.field for entity in risk)])
        threats = [entity for entity in configuration.threat_entities if entity.field in header]
        self._rated = _with_several(present(modifier.field for modifier in configuration.modifiers))
        self._said = _with_several(fields)
        self._record = {
            names: table.reading(names, fields)
            for names in (_with_several(self._named), _with_several(self._shown), self._rated, self._said)
        }

        slots = {(field, number) for field in (*self._shown, *self._named) for number in range(_MARKED)}
        slots.update((name, 0) for name in (_ROW, _FINDING_ID, _THREATS, _MV_THREATS))
        self._mark = {slot: f"q{_SECRET}{number}q" for number, slot in enumerate(slots)}
        self._slot = {mark: slot for slot, mark in self._mark.items()}
        patterns = [
            pattern for (role, _), found in configuration.ignored.items() if role == "risk" for pattern in found
        ]
        types = [entity.object_type for entity in risk]
        self.usable = (
            bool(self._named)
            and {*_OURS}.isdisjoint(header)
            and {field for field in rules.fields_read(configuration) if table.MV + field in header}.issubset(header)
            # Two fields for one type of risk object may hold the same value, which counts once; so may `user` and
            # `dest` in one $risk_object$. And no mark may be taken for an ignored object.
            and len(types) == len({*types})
            and RISK_OBJECT not in TOKEN.findall(detection.risk_message)
            and not any(pattern.matches(mark) for pattern in patterns for mark in self._slot)
        )
        self._fits_identity = _Ordinary('"\\', PLACEHOLDERS)
        self._fits_answer = _unless_ignored(patterns)
        self._threats = [
            (entity.field, _Memory[str, str](partial(self._threat_text, entity), len).__getitem__) for entity in threats
        ]
        types = [kind for entity in threats for kind in entity.object_type.split("|")]
        self._may_repeat = len(types) != len({*types})
        self._applied = _Memory(self._modifiers, _length).__getitem__
        self._identity = _Memory(self._identity_form, _length).__getitem__
        self._answer = _Memory(self._answer_form, lambda key: _length(key[0])).__getitem__
        self._usual_form = _Memory(self._usual_answer_form, _length).__getitem__

    def filled(self, rows: Sequence[list[str]], texts: Sequence[str], tally: Counter[str]) -> list[str]:
        """Return each row's text, followed by the answer."""
        # If two columns have the same name, the first counts, as in table.reading. A missing `__mv_` column is like an
        # empty one.
        columns: dict[str, Sequence[str]] = defaultdict(lambda: [""] * len(rows))
        columns.update(zip(reversed(self._header), reversed(list(zip(*rows)))))
        columns[_ROW] = texts
        columns[_FINDING_ID] = self._finding_ids(columns)
        columns[_THREATS], columns[_MV_THREATS], all_kept = self._threat_columns(columns)

        ordinary = self._ordinary(self._fits_answer, self._shown, columns)
        ordinary = [usual and kept for usual, kept in zip(ordinary, all_kept)]
        if self._rated:
            forms = [*map(self._usual_form, _tuples(columns, self._rated, ordinary))]
            pieces: Iterable[Iterable[str]] = zip(*(form.pieces for form in forms))
        else:
            forms = [self._usual_form(())] * sum(ordinary)
            pieces = map(repeat, forms[0].pieces if forms else ())
        slots = forms[0].slots if forms else ()  # the same in all of them
        usual = _joined(pieces, [compress(columns[field], ordinary) for field, _ in slots])

        odd = [not one for one in ordinary]
        others = [
            self._other(*cells)
            for cells in zip(
                _tuples(columns, _with_several(self._shown), odd),
                _tuples(columns, self._rated, odd),
                _tuples(columns, self._said, odd),
                _tuples(columns, _OWN, odd),
                compress(all_kept, odd),
            )
        ]
        tally.update(form.status for form in forms)
        tally.update(status for _, status in others)
        return _merged(ordinary, usual, (text for text, _ in others))

    def _finding_ids(self, columns: Columns) -> list[str]:
        ordinary = self._ordinary(self._fits_identity, self._named, columns)
        form = self._identity(self._usual_shape(self._named))
        lowered = [map(str.lower, compress(columns[field], ordinary)) for field, _ in form.slots]
        odd = _tuples(columns, _with_several(self._named), [not one for one in ordinary])
        texts = _merged(ordinary, _joined(map(repeat, form.pieces), lowered), map(self._other_identity, odd))
        return [*map(rules.digest, texts)]

    def _other_identity(self, cells: Cells) -> str:
        # The values of a field are sorted, so marks cannot stand for several of them.
        shape, values = self._shape(self._fits_identity, self._named, cells, 1)
        form = self._identity(shape)
        return form.filled({slot: value.lower() for slot, value in values.items()})

    def _other(self, shown: Cells, rated: Cells, said: Cells, own: Cells, all_kept: bool) -> tuple[str, str]:
        """Return the text of a result that is not ordinary, and what its status begins with."""
        values: dict[Slot, str] = {}
        if not all_kept:
            form = self._form(rules.annotate(self._configuration, self._record[self._said](said), self._missing), ())
        else:
            shape, values = self._shape(self._fits_answer, self._shown, shown, _MARKED)
            form = self._answer((shape, self._applied(rated)))
        values.update(((name, 0), cell) for name, cell in zip(_OWN, own))
        return form.filled(values), form.status

    def _ordinary(self, test: _Ordinary, fields: Iterable[str], columns: Columns) -> list[bool]:
        """Return which rows are ordinary in all *fields*, with one value in each."""
        ordinary = [True] * len(columns[_ROW])
        for field in fields:
            several = columns[table.MV + field]
            if any(several):
                ordinary = [was and value == "" for was, value in zip(ordinary, several)]
        for field in fields:
            if not test.is_met_by_all([*compress(columns[field], ordinary)]):
                ordinary = [was and test.is_met_by(value) for was, value in zip(ordinary, columns[field])]
        return ordinary

    def _usual_shape(self, fields: Cells) -> Cells:
        """Return the shape of results that are ordinary in all *fields*."""
        return (*(self._mark[field, 0] for field in fields), *("" for _ in fields))

    def _shape(self, test: _Ordinary, fields: Cells, cells: Cells, most: int) -> tuple[Cells, dict[Slot, str]]:
        """
        Return the *cells* of a result with marks for what is ordinary, and the values that the marks stand for.

        If a field has more values than *most*, or the same value twice, none of its values is marked.
        """
        record = self._record[_with_several(fields)](cells)
        shape = []
        values: dict[Slot, str] = {}
        for field in fields:
            value = record[field]
            items = [value] if isinstance(value, str) else [*value]
            if len(items) <= most and len({*map(str.lower, items)}) == len(items):
                for number, item in enumerate(items):
                    if test.is_met_by(item):
                        values[field, number] = item
                        items[number] = self._mark[field, number]
            shape.append(items)
        return (*(items[0] for items in shape), *map(table.encoded, shape)), values

    def _threat_columns(self, columns: Columns) -> tuple[list[str], list[str], list[bool]]:
        """Return the two columns of threat_objects, and for each result whether they hold all of its threat objects."""
        found: list[Iterable[str]] = [repeat("", len(columns[_ROW]))]
        for field, threat in self._threats:
            cells, several = columns[field], columns[table.MV + field]
            if any(several):
                values = (items or [cell] for cell, items in zip(cells, map(table.decoded, several)))
                found.append(["".join(map(threat, dict.fromkeys(items))) for items in values])
            else:
                found.append(map(threat, cells))
        texts = [text[:-1] for text in map("".join, zip(*found))]
        if self._may_repeat:
            texts = [_VALUE_END.join(dict.fromkeys(text.split(_VALUE_END))) for text in texts]
        joined = _ROW_END.join(texts).replace('"', '""')
        encoded = joined.replace("$", "$$").replace(_VALUE_END, "$;$").split(_ROW_END)
        more = [text.count(_VALUE_END) for text in texts]  # values besides the first
        return (
            joined.replace(_VALUE_END, "\n").split(_ROW_END),
            [f"${cell}$" if number else "" for cell, number in zip(encoded, more)],
            [number < rules.KEPT for number in more],
        )

    def _threat_text(self, entity: Entity, value: str) -> str:
        """Return what threat_objects says of a value, and _VALUE_END; nothing if it is not a threat object."""
        threat = rules.threat_object(self._configuration, entity, value)
        return "=".join(threat) + _VALUE_END if threat else ""

    def _usual_answer_form(self, rated: Cells) -> _Form:
        return self._answer((self._usual_shape(self._shown), self._applied(rated)))

    def _modifiers(self, cells: Cells) -> tuple[ScoreModifier, ...]:
        return rules.applied(self._configuration, self._record[self._rated](cells))

    def _identity_form(self, shape: Cells) -> _Form:
        record = self._record[_with_several(self._named)](shape)
        return self._marked(rules.identity(self._configuration.detection, record), rules.SCORED)

    def _answer_form(self, key: tuple[Cells, tuple[ScoreModifier, ...]]) -> _Form:
        """Return the form of results of this shape to which these score modifiers apply."""
        shape, modifiers = key
        record = self._record[_with_several(self._shown)](shape)
        finding = rules.finding(self._configuration._replace(threat_entities=()), record, self._missing, modifiers)
        return self._form(finding, (_THREATS, _MV_THREATS))

    def _form(self, finding: Record, given: Iterable[str]) -> _Form:
        """Return the form of *finding*; its id and the columns *given* come from elsewhere."""
        (row,) = table.made_of(ANNOTATION, [finding]).rows
        cells = {name: _quoted(cell) for name, cell in zip(_OURS, row)}
        cells.update((name, self._mark[name, 0]) for name in (*given, _FINDING_ID))
        text = ",".join([self._mark[_ROW, 0], *(f'"{cell}"' for cell in cells.values())])
        return self._marked(text, rules.kind_of_status(finding))

    def _marked(self, text: str, status: str) -> _Form:
        pieces = _MARK.split(text)
        return _Form(tuple(pieces[::2]), tuple(self._slot[mark] for mark in pieces[1::2]), status)


def _with_several(fields: Cells) -> Cells:
    """Return the fields, and then the columns that hold their values one by one."""
    return (*fields, *(table.MV + field for field in fields))


def _length(cells: Cells) -> int:
    return sum(map(len, cells))


def _quoted(cell: str) -> str:
    """Return the cell as it stands between quotes in CSV."""
    return cell.replace('"', '""')


def _tuples(columns: Columns, fields: Sequence[str], selected: Sequence[bool]) -> Iterable[Cells]:
    """Return the cells of *fields*, a tuple for each selected row."""
    taken = [compress(columns[field], selected) for field in fields]
    return zip(*taken) if taken else repeat((), sum(selected))


def _joined(pieces: Iterable[Iterable[str]], values: Iterable[Iterable[str]]) -> Iterator[str]:
    """Yield a text for each row, from columns of pieces and columns of values in turn."""
    return map("".join, zip(*chain.from_iterable(zip_longest(pieces, values, fillvalue=repeat("")))))


def _merged(first: Sequence[bool], these: Iterator[str], those: Iterator[str]) -> list[str]:
    """Return one of *these* where *first* is true, else one of *those*."""
    return list(these) if all(first) else [next(these if one else those) for one in first]


def _kept(lines: Iterable[str], kept: list[str]) -> Iterator[str]:
    """Yield the lines, and append each to *kept*."""
    for line in lines:
        kept.append(line)
        yield line


def _text(lines: list[str]) -> str:
    """Return the text of a row without its line end, and forget its lines."""
    text = "".join(lines).rstrip("\r\n")
    lines.clear()
    return text
