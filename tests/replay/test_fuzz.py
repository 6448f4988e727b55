"""Whatever the text of a search is, it gives results or an error in words."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replay import commands, engine, limits, macros, times
from replay.app import App
from replay.errors import SplError, UnsupportedError
from replay.macros import Macro
from replay.run import Run
from tests.conftest import REPO
from tests.replay.network import NOON

APP = App(REPO)
ROWS = [{"a": "1", "b": ["x", "y"], "User": "u", "user": "v"}, {"a": "-0", "c": "*"}, {"a": 'q"\\'}]
FIELD = st.sampled_from(["a", "b", "c", "User", "user", "zz", "_time", "'a b'", '"a b"', "*", "a*"])
VALUE = st.sampled_from(["1", "-1", "0", "1e400", '"x"', '"\\\\"', '""', "x*", "null()", "now()", "true()"])
# By how many arguments they take.
FUNCTIONS = {
    1: "lower upper len trim mvdedup mvcount mvsort tonumber tostring round abs sqrt isnull isint isstr md5",
    2: "match like cidrmatch split mvindex mvjoin mvappend substr strftime strptime relative_time in min max nullif",
    3: "if replace substr coalesce mvindex max in",
}
OPERATOR = st.sampled_from(["+", "-", "*", "/", "%", ".", "=", "!=", "<", ">=", " AND ", " OR ", " XOR ", " LIKE "])
EXPRESSION = st.recursive(
    FIELD | VALUE,
    lambda inner: st.one_of(
        st.tuples(inner, OPERATOR, inner).map("".join),
        *(
            st.tuples(st.sampled_from(names.split()), st.tuples(*[inner] * size)).map(
                lambda call: f"{call[0]}({', '.join(call[1])})"
            )
            for size, names in FUNCTIONS.items()
        ),
        inner.map(lambda text: f"mvfilter({text})"),
        inner.map(lambda text: f"if({text}=1, {text}, 1)"),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"NOT {text}"),
        inner.map(lambda text: f"-{text}"),
    ),
    max_leaves=12,
)
TEST = st.tuples(FIELD, st.sampled_from(["=", "!=", "<", ">=", " IN ("]), VALUE).map(
    lambda parts: "".join(parts) + (")" if parts[1].endswith("(") else "")
)
PREDICATE = st.recursive(
    TEST,
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " OR ", " AND "]), inner).map("".join),
        inner.map(lambda text: f"NOT ({text})"),
    ),
    max_leaves=6,
)
AGGREGATE = st.tuples(st.sampled_from(["count", "dc", "values", "list", "min", "max", "sum", "first", "latest"]), FIELD)
COMMAND = st.one_of(
    EXPRESSION.map(lambda text: f"eval r={text}"),
    st.tuples(EXPRESSION, EXPRESSION).map(lambda sides: f"where {sides[0]}<={sides[1]}"),
    PREDICATE.map(lambda text: f"search {text}"),
    st.tuples(AGGREGATE, FIELD).map(lambda parts: f"stats {parts[0][0]}({parts[0][1]}) as n by {parts[1]}"),
    st.tuples(AGGREGATE, FIELD).map(lambda parts: f"eventstats {parts[0][0]}({parts[0][1]}) as n by {parts[1]}"),
    st.tuples(
        st.sampled_from(["table", "fields", "fields -", "dedup", "sort", "sort -", "mvexpand", "fillnull"]), FIELD
    ).map(" ".join),
    st.tuples(FIELD, FIELD).map(" as ".join).map("rename {}".format),
    FIELD.map(lambda name: f"convert ctime({name})"),
    FIELD.map(lambda name: f"join max=0 {name} [| makeresults | eval a=1, r=2]"),
    st.sampled_from(["format", "addinfo", "head 1", "append [| makeresults | eval a=1]", "search [| makeresults]"]),
)
SCRAPS = st.lists(
    st.sampled_from(
        [
            "|",
            "search",
            "where",
            "eval",
            "stats",
            "count",
            "by",
            "tstats",
            "from",
            "datamodel",
            "=",
            "!=",
            "(",
            ")",
            "[",
            "]",
            ",",
            '"',
            "'",
            "`",
            "*",
            "-",
            ".",
            "1",
            "a",
            "NOT",
            "AND",
            "OR",
            "IN",
            "\\",
            "\n",
        ]
    )
    | st.text(max_size=3),
    max_size=25,
).map(" ".join)


def run(spl: str) -> None:
    """Run *spl* behind ROWS; only an error in our own words may come out, or DuckDB's about a regular expression."""
    started = Run(engine.connect(), APP, {}, NOON)
    names = list(dict.fromkeys(name for row in ROWS for name in row))
    try:
        pipeline = APP.parse(f"| makeresults | {spl}")[1:]
        started.fetch(
            started.execute(pipeline, started.from_python(names, ROWS))
            if pipeline
            else started.first(started.from_python(names, ROWS), 0)
        )
    except SplError as error:
        assert "could not be run" not in str(error) or "regular expressions" in str(error)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(COMMAND, min_size=1, max_size=4).map(" | ".join))
def test_searches(spl: str) -> None:
    """A search of real commands over odd values and fields runs or is refused."""
    run(spl)


@settings(max_examples=200, deadline=None)
@given(SCRAPS)
def test_scraps(text: str) -> None:
    """A text made of the pieces of the language, or of anything, is parsed or refused."""
    try:
        APP.parse(text)
    except SplError as error:
        assert str(error)


def test_macros_without_end() -> None:
    """Macros that each call two others are refused when they have called enough, even where nothing comes of it."""
    tree = {f"m{level}": Macro(f"m{level}", f"`m{level + 1}``m{level + 1}`", ()) for level in range(60)}
    tree["m60"] = Macro("m60", "", ())
    with pytest.raises(UnsupportedError) as refused:
        macros.expand("`m0`", tree)
    assert f"the macros of this search call others more than {limits.MACRO_CALLS:,} times" == str(refused.value)


def test_large_expression() -> None:
    """An expression whose SQL grows out of bounds is refused, under the place that grows."""
    spl = '| makeresults | eval r="' + "x" * limits.MAX_SQL_CHARACTERS + '"'
    with pytest.raises(UnsupportedError) as refused:
        Run(engine.connect(), APP, {}, NOON).execute(commands.parse(spl))
    assert str(refused.value).startswith("this expression grows too large (line 1, column ")


@given(st.floats(), st.text(st.sampled_from("-+@0123456789smhdwqyon "), max_size=12))
def test_any_modifier(epoch: float, modifier: str) -> None:
    """No time and no time modifier raises: there is a time, or none."""
    assert isinstance(times.relative_time(epoch, modifier), (float, type(None)))


@given(st.integers(0, 4_000_000_000))
def test_time_round_trip(epoch: int) -> None:
    """What strftime writes, strptime reads."""
    pattern = "%Y-%m-%dT%H:%M:%S"
    assert epoch == times.parse_time(times.format_time(epoch, pattern) or "", pattern)
