"""What must hold for any result and any lookup: properties of the rules and of the table."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import installutil_rba_lookups as lookups
import installutil_rba_rules as rules
import installutil_rba_table as table
import pytest
from hypothesis import given
from hypothesis import strategies as st
from installutil_rba_fields import ANNOTATION, MODIFIER, MULTIVALUE
from installutil_rba_values import PLACEHOLDERS, Pattern, Value, address

from tests.command.splunkd import MESSAGE, REPO, build_lookups, splunk_csv

# Text as splunkd can send it: any character, and bytes that are not UTF-8 as lone surrogates.
TEXT = st.text(
    st.one_of(
        st.sampled_from('$",;\r\n\0 *-a'),
        st.characters(exclude_categories=["Cs"]),
        st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF),
    ),
    max_size=12,
)
WORDS = st.sampled_from(
    ["bob", "BOB", "eve", "SYSTEM", "-", "null", "", " ", "WS5$", "$user$", "10.0.0.1", "::1", "a.b"]
)
VALUE = st.one_of(TEXT, WORDS, st.lists(st.one_of(TEXT, WORDS), max_size=4))
RECORD = st.dictionaries(st.sampled_from(["_time", "user", "dest", "process_name", "connection_to_CNC"]), VALUE)


def configure(folder: Path, modifiers: Sequence[str] = ()) -> lookups.Configuration:
    """Return the lookups that ship, with the given score modifiers."""
    build_lookups(folder, shipped={"score_modifiers": modifiers})
    return lookups.load(str(folder), None, date(2026, 1, 1))


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> lookups.Configuration:
    """Return the lookups that ship."""
    return configure(tmp_path_factory.mktemp("app"))


@given(record=RECORD)
def test_annotate_is_complete_and_fits_its_columns(
    configuration: lookups.Configuration, record: Mapping[str, Value]
) -> None:
    """Every result gets every field; it is a list exactly if the contract allows several values."""
    found = rules.annotate(configuration, record, "unknown")
    assert {field: field in MULTIVALUE for field in ANNOTATION} == {
        field: isinstance(value, list) for field, value in found.items()
    }


@given(record=RECORD)
def test_modifiers_are_complete_and_distinct(configuration: lookups.Configuration, record: Mapping[str, Value]) -> None:
    """Every risk event has every field of the contract, and no two of the same result have the same id."""
    finding = rules.annotate(configuration, record, "unknown")
    events = list(rules.modifiers(configuration, record, finding, "unknown"))
    assert all(set(MODIFIER) == set(event) for event in events)
    assert len(events) == len({event["risk_modifier_id"] for event in events})


@given(record=RECORD, names=st.permutations(["_time", "user", "dest", "process_name", "connection_to_CNC"]))
def test_the_order_of_fields_does_not_matter(
    configuration: lookups.Configuration, record: Mapping[str, Value], names: list[str]
) -> None:
    """What the rules say of a result does not depend on the order of its fields."""
    turned = {name: record[name] for name in names if name in record}
    assert rules.annotate(configuration, record, "x") == rules.annotate(configuration, turned, "x")


@given(record=RECORD, fields=st.permutations(["_time", "dest", "connection_to_CNC"]))
def test_the_order_of_finding_fields_does_not_matter(
    configuration: lookups.Configuration, record: Mapping[str, Value], fields: list[str]
) -> None:
    """A finding keeps its id when the lookup lists the same finding fields in another order."""
    detection = configuration.detection._replace(finding_fields=("_time", "dest", "connection_to_CNC"))
    turned = detection._replace(finding_fields=tuple(fields))
    assert rules.finding_id(detection, record) == rules.finding_id(turned, record)


@given(record=RECORD)
def test_own_fields_are_not_read(configuration: lookups.Configuration, record: Mapping[str, Value]) -> None:
    """What the rules say of a result does not depend on what they said of it before."""
    once = rules.annotate(configuration, record, "x")
    assert once == rules.annotate(configuration, {**record, **once}, "x")


@given(values=st.lists(TEXT, min_size=4, max_size=4), missing=TEXT)
def test_no_message_holds_a_token(values: list[str], missing: str) -> None:
    """Whatever the values are, the message does not hold two $, so nobody who expands it again finds a token."""
    record = dict(zip(("parent_process_name", "process_name", "dest", "user"), values, strict=True))
    assert rules.message(MESSAGE, record, missing).count("$") < 2


@given(values=st.lists(TEXT.filter(lambda text: "$" not in text), min_size=4, max_size=4))
def test_a_message_is_its_template_filled(values: list[str]) -> None:
    """Without a $ in the values, the message is the template with each token replaced, and nothing else."""
    record = dict(zip(("parent_process_name", "process_name", "dest", "user"), values, strict=True))
    parts = re.split(r"\$(\w+)\$", MESSAGE)
    shown = [
        ("?" if record[part].strip().lower() in PLACEHOLDERS else record[part]) if index % 2 else part
        for index, part in enumerate(parts)
    ]
    assert "".join(shown) == rules.message(MESSAGE, record, "?")


NUMBERS = st.decimals(-100, 100, places=4, allow_nan=False)
FACTORS = st.decimals(0, 100, places=4, allow_nan=False)
MODIFIERS = st.lists(st.one_of(st.tuples(st.just("add"), NUMBERS), st.tuples(st.just("multiply"), FACTORS)), max_size=5)


def recomputed(reasons: list[str]) -> Decimal:
    """Return the score that an analyst works out from what risk_score_reason says before its last line."""
    first, *steps = reasons
    points = Decimal(first.split()[1])
    for step in steps:
        sign, number = re.fullmatch(r"m\d+: (x |\+|)(\S+) \(r\)", step).groups()  # type: ignore[union-attr]
        points = points * Decimal(number) if sign == "x " else points + Decimal(number)
    return max(Decimal(0), min(Decimal(100), points)).quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(steps=MODIFIERS)
def test_the_reason_gives_the_score(tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Decimal]]) -> None:
    """The score can be worked out by hand from its reason, step by step from left to right."""
    rows = [f"m{n},*,user,bob,{operation},{value:f},r,," for n, (operation, value) in enumerate(steps)]
    configuration = configure(tmp_path_factory.mktemp("app"), rows)
    points, reasons = rules.score(configuration, {"user": "bob"})
    assert points == recomputed([reason for reason in reasons if not reason.startswith("=")])


@given(steps=MODIFIERS, data=st.data())
def test_the_order_of_modifiers_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, Decimal]], data: st.DataObject
) -> None:
    """The score is the same whatever the order of a lookup's rows."""
    rows = [f"m{n},*,user,bob,{operation},{value:f},r,," for n, (operation, value) in enumerate(steps)]
    folder = tmp_path_factory.mktemp("app")
    first = rules.score(configure(folder, rows), {"user": "bob"})[0]
    assert first == rules.score(configure(folder, data.draw(st.permutations(rows))), {"user": "bob"})[0]


@given(pattern=st.text("ab*A", max_size=6), value=st.text("abA", max_size=8))
def test_a_pattern_is_the_regular_expression_that_it_looks_like(pattern: str, value: str) -> None:
    """Wildcards match as `.*` would."""
    expression = ".*".join(map(re.escape, pattern.split("*")))
    assert bool(re.fullmatch(expression, value, re.IGNORECASE | re.DOTALL)) == Pattern(pattern).matches(value)


def read(body: str) -> tuple[list[str], list[list[str]]]:
    """Return the header and the rows of a body."""
    header, rows = table.read(body)
    return header, [*rows]


NAMES = st.one_of(TEXT, st.sampled_from(["user", "__mv_user", "risk_score", "__mv_risk_user", ""]))


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """Draw a header and rows of as many cells."""
    header = draw(st.lists(NAMES, min_size=1, max_size=5))
    row = st.lists(TEXT, min_size=len(header), max_size=len(header))
    return header, draw(st.lists(row, min_size=1, max_size=4))


@given(tables())
def test_a_table_is_read_as_it_was_written(drawn: tuple[list[str], list[list[str]]]) -> None:
    """Reading a body gives every cell as splunkd wrote it."""
    assert drawn == read(splunk_csv(*drawn))


@given(tables())
def test_a_table_is_written_as_it_was_read(drawn: tuple[list[str], list[list[str]]]) -> None:
    """Reading what the command wrote gives every cell again."""
    assert drawn == read("".join(table.write(table.Table(*drawn))))


@given(tables())
def test_foreign_columns_keep_their_cells(drawn: tuple[list[str], list[list[str]]]) -> None:
    """Adding fields leaves all other columns as they were, in their order, and each of ours is there once."""
    header, rows = drawn
    fields = ("risk_score", "risk_user")
    result = table.Table(*drawn).with_fields(fields, [{"risk_score": "1", "risk_user": ["a", "b$"]}] * len(rows))
    ours = {"risk_score", "__mv_risk_score", "risk_user", "__mv_risk_user"}
    kept = [index for index, name in enumerate(header) if name not in ours]
    assert [header[index] for index in kept] + ["risk_score", "risk_user", "__mv_risk_user"] == result.header
    assert [[row[index] for index in kept] + ["1", "a\nb$", "$a$;$b$$$"] for row in rows] == [*result.rows]


def test_of_columns_with_one_name_the_first_counts() -> None:
    """If a field has two columns, the rules read the first."""
    twice = table.Table(["user", "x", "user", "__mv_x", "__mv_x"], [["bob", "1", "eve", "$a$;$b$", "$c$;$d$"]])
    assert [{"user": "bob", "x": ["a", "b"]}] == list(twice.records(["user", "x"]))


@given(st.lists(TEXT, min_size=2, max_size=5))
def test_several_values_come_back_as_they_went(values: list[str]) -> None:
    """A multivalue field that the command wrote is read as the same values."""
    written = table.made_of(["risk_user"], [{"risk_user": values}])
    assert [{"risk_user": values}] == list(written.records(["risk_user"]))


@given(st.text("$$$;ab", max_size=12))
def test_values_are_decoded_as_they_are_defined(cell: str) -> None:
    """A `__mv_` cell is values with a $ around each, doubled inside, and semicolons between; else it has none."""
    item = r"\$((?:[^$]|\$\$)*)\$"
    items = re.findall(rf"{item}(?:;|\Z)", cell) if re.fullmatch(rf"(?:{item}(?:;|\Z))+", cell) else []
    assert [found.replace("$$", "$") for found in items] == table.decoded(cell)


@given(
    st.one_of(st.ip_addresses().map(str), TEXT, st.text("0123456789.", max_size=15), st.text("af:.1[]%", max_size=9))
)
def test_an_address_is_what_python_takes_for_one(text: str) -> None:
    """Addresses are those of the ipaddress module, apart from blanks and brackets around them, and IPv4 in IPv6."""
    bare = text.strip()
    bare = bare[1:-1] if bare[:1] == "[" and bare[-1:] == "]" else bare
    try:
        parsed = ipaddress.ip_address(bare)
    except ValueError:
        assert address(text) is None
        return
    parsed = getattr(parsed, "ipv4_mapped", None) or parsed
    assert (parsed.version, int(parsed)) == address(text)


@given(TEXT)
def test_a_malformed_multivalue_cell_is_passed_over(cell: str) -> None:
    """What a `__mv_` column holds counts only if it encodes values; otherwise the field's own cell counts."""
    found = next(table.Table(["user", "__mv_user"], [["bob", cell]]).records(["user"]))["user"]
    encoded = ";".join("$" + value.replace("$", "$$") + "$" for value in found)
    assert found == "bob" or encoded in (cell, cell[:-1])


def test_placeholders_are_those_that_ship() -> None:
    """The placeholders of messages and ids are those that the shipped lookup ignores for every type."""
    text = (REPO / "lookups" / "installutil_rba_ignored_objects.csv").read_text("utf-8")
    assert PLACEHOLDERS == {line.split(",")[1].lower() for line in text.splitlines() if line.startswith("*,")}
