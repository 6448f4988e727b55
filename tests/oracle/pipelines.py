"""Pipelines and rows made at random, of what the oracle knows."""

from __future__ import annotations

from hypothesis import strategies as st

FIELDS = ["a", "b", "c", "m", "A"]
SCALARS = ["1", "2", "10", "-1", "1.0", "0.5", "007", "x", "X", "xy", "x y", "a*", "%", "x_", "\\", "1e2", "é"]
ADDRESSES = ["10.0.0.9", "10.0.0.10", "10.1.2.3", "9.0.0.1", "fe80::1"]
SCALAR = st.sampled_from([*SCALARS, *ADDRESSES])


def _rows(few: list[str]) -> st.SearchStrategy[list[dict[str, str | list[str]]]]:
    """Rows of few values, so that they meet: groups, keys and duplicates are what commands are about."""
    scalar = st.sampled_from(few)
    cells = {"a": scalar, "b": scalar, "c": scalar, "A": scalar}
    several = st.one_of(scalar, st.lists(scalar, min_size=2, max_size=3))
    return st.lists(st.fixed_dictionaries({}, optional={**cells, "m": several}), max_size=6)


ROWS = (
    st.lists(st.one_of(SCALAR, SCALAR, st.sampled_from(ADDRESSES)), min_size=1, max_size=4)
    .flatmap(_rows)
    .map(lambda rows: [{**row, "_time": str(1_750_000_000 + place * 977 % 4000)} for place, row in enumerate(rows)])
)
FIELD = st.sampled_from(FIELDS)
ONE = st.sampled_from(["a", "b", "c", "A"])  # fields that start with one value
LITERAL = st.sampled_from(['"x"', '"10"', '"9"', '""', '"x y"', '"%"', "1", "2", "0", "0.5", "0.250", "10"])
REPLACEMENTS = ['"<>"', '""', '"\\\\"', r'"\d"', r'"<\1>"', r'"\2\0"', r'"C:\Users\1x"']
PATTERN = st.sampled_from(['"x"', '"^x"', '"[0-9]+"', '"(?i)X$"', '"."', '"(?!x)[a-z]"', r'"(?<=(.))\1"', '"[0-9]++1"'])


def _calls(names: str, *arguments: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(st.sampled_from(names.split()), st.tuples(*arguments)).map(
        lambda call: f"{call[0]}({', '.join(call[1])})"
    )


def _binary(ops: list[str], left: st.SearchStrategy[str], right: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.tuples(left, st.sampled_from(ops), right).map(lambda parts: f"({' '.join(parts)})")


# Deeper ones than replay reads are left out.
VALUE = st.deferred(lambda: st.one_of(FIELD, LITERAL, _VALUES)).filter(lambda value: value.count("(") < 20)
TEST = st.deferred(lambda: _TESTS).filter(lambda test: test.count("(") < 20)
# Without another mvmap in it: replay runs few inside each other.
SMALL_VALUE = st.one_of(
    _calls("lower len mvcount", ONE), _binary(["+", "."], ONE, LITERAL), _calls("coalesce", ONE, LITERAL)
)
SMALL = st.sampled_from(["0", "1", "2", "-1", "-2"])
NAME = st.sampled_from(['"a"', '"b"'])
_IN_JSON = st.one_of(
    ONE, LITERAL, st.just("m"), st.just("null()"), _calls("json_array", ONE, LITERAL), _calls("lower", ONE)
)
_JSON = st.recursive(
    st.one_of(_calls("json_object", NAME, _IN_JSON, NAME, _IN_JSON), _calls("json_array", _IN_JSON, _IN_JSON), ONE),
    lambda inner: st.one_of(
        _calls("json_set json_set_exact json_append json_extend", inner, NAME, _IN_JSON),
        _calls("json_delete", inner, NAME),
        _calls("json_keys json_entries", inner),
        _calls("mv_to_json_array", st.just("m")),
    ),
    max_leaves=3,
)
_VALUES = st.one_of(
    _binary(["+", "-", "*", "/", "%", ".", "."], VALUE, VALUE),
    _calls("lower upper trim len mvdedup mvcount mvsort tonumber tostring abs floor ceiling md5", VALUE),
    VALUE.map("sqrt(abs({}))".format),  # of other numbers it is nan, which is the vectors' business
    _calls("round", VALUE, st.sampled_from(["0", "1"])),
    _calls("coalesce nullif mvappend mvzip min max", VALUE, VALUE),
    _calls("if", TEST, VALUE, VALUE),
    _calls("case validate", TEST, VALUE, TEST, VALUE),
    _calls("substr", VALUE, SMALL, st.sampled_from(["0", "1", "3", "1e15"])),
    _calls("substr", VALUE, st.one_of(SMALL, st.sampled_from(["9999999999", "-99", "a"]))),
    _calls("mvindex", VALUE, SMALL),
    _calls("mvindex", VALUE, SMALL, SMALL),
    _calls("split mvjoin", VALUE, st.sampled_from(['" "', '"x"', '","'])),
    _calls("replace", VALUE, st.one_of(PATTERN, st.just('"(.)(y)?"')), st.one_of(st.sampled_from(REPLACEMENTS), ONE)),
    _calls("mvfind", VALUE, PATTERN),
    _binary(["=", "!=", "<"], st.just("m"), LITERAL).map(lambda test: f"mvfilter{test}"),
    _calls("mvmap", st.just("m"), st.one_of(LITERAL, ONE, SMALL_VALUE).map(lambda value: f"m.{value}")),
    st.just("null()"),
    _calls("typeof", VALUE),
    _calls("mvrange", SMALL, st.sampled_from(["3", "a", "-2.5"]), st.sampled_from(["1", "0.5", "-1", "0", "b"])),
    _calls("printf", st.sampled_from(['"%5.1f|%-4s"', '"%+d%s"', '"%04d %.1s"']), VALUE, VALUE),
    _calls("bit_and bit_or bit_xor", VALUE, VALUE),
    _calls("ipmask", st.sampled_from(['"255.0.255.0"', "a"]), ONE),
    _calls("hypot", VALUE, VALUE),
    _calls("atan", VALUE),
    _JSON,
    _calls("json_extract json_extract_exact", _JSON, NAME),
    _calls("json_extract", _JSON, NAME, NAME),
    _calls("json_array_to_mv", _JSON),
    st.tuples(VALUE).map(lambda parts: f"(-{parts[0]})"),
)
_TESTS = st.one_of(
    _binary(["=", "!=", "<", "<=", ">", ">="], VALUE, VALUE),
    _binary(["AND", "OR", "XOR"], TEST, TEST),
    TEST.map(lambda test: f"(NOT {test})"),
    _calls("isnull isnotnull isnum isint isstr ismv", VALUE),
    _calls("json_valid", _JSON),
    _calls("json_has_key_exact", _JSON, NAME),
    st.sampled_from(['"a=x* b IN (1, x)"', '"NOT m=x OR A>1"']).map("searchmatch({})".format),
    _calls("in", VALUE, VALUE, VALUE),
    _calls("match", VALUE, PATTERN),
    _calls("like", VALUE, st.sampled_from(['"x%"', '"_"', '"%y"'])),
)

WANTED = st.sampled_from(
    [
        "x",
        "X*",
        "*y",
        "x*y",
        "*",
        "1",
        "10",
        "9",
        '"x y"',
        '"a*"',
        "%",
        '""',
        "1.0",
        "10.0.0.0/8",
        "10.0.0.9/31",
        "fe80::/10",
        "10.0.0.9",
    ]
)
_COMPARE = st.tuples(FIELD, st.sampled_from(["=", "!=", "<", ">=", ">", "<="]), WANTED).map("".join)
PREDICATE = st.recursive(
    st.one_of(_COMPARE, st.tuples(FIELD, WANTED, WANTED).map(lambda parts: "{} IN ({}, {})".format(*parts))),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from([" ", " OR ", " AND "]), inner).map("".join),
        inner.map(lambda test: f"NOT ({test})"),
        inner.map(lambda test: f"NOT {test}"),
        inner.map(lambda test: f"({test})"),
    ),
    max_leaves=5,
)

_NAMES = (
    "count dc values list min max sum avg range median p25 perc99 stdev var stdevp varp sumsq first last earliest latest "
    "exactperc90 upperperc10 mode earliest_time latest_time rate"
)
AGGREGATES = st.lists(
    st.tuples(
        st.sampled_from(_NAMES.split()),
        FIELD,
    ).map(lambda pair: f"{pair[0]}({pair[1]})"),
    min_size=1,
    max_size=2,
    unique=True,
).map(" ".join)
BY = st.one_of(st.just(""), ONE.map(lambda name: f" by {name}"))
BY_MANY = st.one_of(BY, st.sampled_from([" by m", " by a b", " by m a"]))


def _made(template: str, *parts: st.SearchStrategy[str] | list[str]) -> st.SearchStrategy[str]:
    """Return texts of *template*, its {} filled from *parts*."""
    strategies = [st.sampled_from(part) if isinstance(part, list) else part for part in parts]
    return st.tuples(*strategies).map(lambda values: template.format(*values))


_OTHERS = '[| makeresults count=2 | eval a="1", b="x", r="y"]'
COMMANDS: dict[str, st.SearchStrategy[str]] = {
    "append": st.just(f"append {_OTHERS}"),
    "bin": st.sampled_from(
        [
            "bin span=10 a",
            "bin span=1h a",
            "bin _time span=1h",
            "bin span=1mon a",
            "bin bins=3 a as r",
            "bin _time",
            "bin a",
        ]
    ),
    "dedup": _made(
        "dedup {}{}{}{}",
        ["", "2 "],
        FIELD,
        ["", " b", " keepempty=t", " consecutive=t", " keepevents=t", " keepevents=t consecutive=t"],
        ["", " sortby -b", " sortby +num(c) -str(a)"],
    ),
    "eval": _made("eval {}={}", ["r", "a", "m", "{a}", "n_{b}"], VALUE),
    "fieldformat": _made("fieldformat {}={}", ["a", "m"], VALUE),
    "eventstats": _made("eventstats {}{}", AGGREGATES, BY),
    "fields": _made("fields {}{}", ["", "- "], ["a", "m b", "*", "_time", "zz", "_*", "* _time", "*e"]),
    "fillnull": st.sampled_from(["fillnull", "fillnull value=x a", "fillnull value=9 zz b"]),
    "foreach": st.sampled_from(
        [
            'foreach a b [eval <<FIELD>>=<<FIELD>>."!"]',
            "foreach m* [eval r=mvcount('<<FIELD>>')]",
            'foreach * [eval "<<FIELD>>"="y"]',
        ]
    ),
    "head": st.sampled_from(["head 2", "head (a<5)", "head (a<5) null=t keeplast=t limit=3"]),
    "join": _made(
        "join {}{} " + _OTHERS, ["", "max=0 ", "type=left max=0 ", "type=outer overwrite=f "], ["a", "a b", ""]
    ),
    "fieldsummary": st.sampled_from(
        ["fieldsummary", "fieldsummary maxvals=1 a m zz", "fieldsummary maxvals=0 _time A"]
    ),
    "filldown": st.sampled_from(["filldown", "filldown a m", "filldown *", "filldown zz"]),
    "mvcombine": _made("{}mvcombine {}", ["", "fields - _time | ", "fields a m | fields - _* | "], FIELD),
    "nomv": _made("nomv {}", ["m", "a", "zz"]),
    "rangemap": _made("rangemap field={} low=-1-1 mid=1-9.5 high=10-99{}", ["a", "b", "zz"], ["", " default=x"]),
    "replace": _made(
        "replace {}{}{}",
        ["x WITH 1", '"x*" WITH "*-y"', '* WITH "<*>"'],
        ["", ", x WITH 2", ', "*y" WITH z', ', "*x*" WITH "*\\1*"'],
        ["", " IN a", " IN m, b", " IN zz"],
    ),
    "makemv": st.sampled_from(["makemv b", 'makemv delim="x" allowempty=t a']),
    "mvexpand": _made("mvexpand {}{}", ["m", "a"], ["", " limit=1"]),
    "regex": _made("regex {}{}{}", ["a", "m"], ["=", "!="], PATTERN),
    "rename": _made("rename {} as {}", FIELD, ["a", "r"]),
    "rex": _made(
        'rex field={} {}"{}"',
        ["a", "b", "m"],
        ["", "max_match=0 ", "max_match=2 "],
        ["(?<n>[a-z])(?<b>.)?", "(?<m>[0-9])", "(?<n>.)(?!x)", r"(?<n>(?<x>[0-9]).*\2)"],
    ),
    "search": _made("search {}", PREDICATE),
    "sort": _made("sort {}{}", ["", "2 ", "0 "], ["a", "-a", "-a,b", "num(a)", "str(a)", "-str(b)", "a b"]),
    "stats": st.one_of(
        _made("stats {}{}", AGGREGATES, BY_MANY),
        _made("stats {}{}", ["count", "values(*) as *", "count(eval(a>1)) as n"], BY),
        _made("stats {} as s{}", ["sparkline(count, 1h)", "sparkline(sum(a), 10m)", "sparkline(dc(m), 600)"], BY_MANY),
    ),
    "streamstats": st.one_of(
        _made(
            "streamstats {}{}{}",
            ["", "current=f ", "window=2 global=f ", "window=3 ", "current=f window=1 "],
            AGGREGATES,
            BY,
        ),
        _made(
            "streamstats {}{} {}{}",
            [
                "reset_on_change=t ",
                "reset_before=(a>1) ",
                'reset_after="b=1" ',
                'reset_on_change=t reset_after=(b="x") ',
            ],
            ["", "current=f", "window=2", "window=2 global=f"],
            AGGREGATES,
            BY,
        ),
        _made(
            "sort 0 {}_time | streamstats time_window=30m {}{}{}",
            ["", "-"],
            ["", "current=f ", "window=2 "],
            AGGREGATES,
            BY,
        ),
    ),
    "table": st.lists(st.one_of(FIELD, st.sampled_from(["*", "_*", "*m*", "_time"])), min_size=1, max_size=3).map(
        lambda names: f"table {' '.join(names)}"
    ),
    "where": _made("where {}", TEST),
}
# Commands that make another table of the results.
COMMANDS |= {
    "addcoltotals": _made("addcoltotals{}{}", ["", " labelfield=r label=sum"], ["", " a b", " m"]),
    "addtotals": _made(
        "addtotals{}{}", ["", " col=t labelfield=a", " row=f col=t", " fieldname=a"], ["", " a c", " *"]
    ),
    "appendcols": _made(f"appendcols {{}}{_OTHERS}", ["", "override=t "]),
    "appendpipe": _made(
        "appendpipe [{}]", ["stats count by a", "where a>1 | eval r=b", "head 1 | appendpipe [stats count]"]
    ),
    "chart": _made(
        "chart {}{}({}) over {} by {}{}",
        ["", "limit=2 ", "limit=bottom1 "],
        ["count", "sum", "values", "max"],
        ONE,
        ["a", "m"],
        ["b", "c"],
        ["", " useother=f", " usenull=f otherstr=x"],
    ),
    "chart by one field": _made("chart {} by {}", AGGREGATES, ["a", "m"]),
    "map": _made(
        "where match(a, {}) | map {}search={}",
        ['"^[a-z0-9]+$"'],
        ["", "maxsearches=1 "],
        ['"| makeresults | eval b=\\"$a$\\""'],
    ),
    "return": _made("return {}{}{}", ["", "2 "], ["a", "r=m"], ["", " $b", " c"]),
    "transpose": _made(
        "dedup a | transpose {}{}", ["", "0 ", "2 "], ["", "header_field=a", "include_empty=f", "column_name=x"]
    ),
    "union": st.just(f"union {_OTHERS} [| makeresults | eval m=3]"),
    "untable": _made("untable {} {} r", ["a", "m", "_time"], ["x", "b"]),
    "xyseries": _made("xyseries {} {} {}", ["a", "c"], ["b", "A"], ["m", "m _time"]),
    "rare": _made("rare {}{}{}", ["", "limit=2 "], FIELD, ["", " b", " by c"]),
    "reverse": st.just("reverse"),
    "tail": st.sampled_from(["tail", "tail 2"]),
    "top": _made("top {}{}{}{}", ["", "1 ", "limit=0 "], FIELD, ["", " b", " by c"], ["", " useother=t"]),
    "transaction": _made(
        "transaction {}{}{}{}",
        ["", "a", "b a", "b a connected=f", "a b c"],
        ["", " maxspan=20m", " maxpause=10m", " maxevents=2"],
        ["", " startswith=(c=1*)", ' startswith=eval(c="x")'],
        ["", ' endswith="c=x"', " endswith=eval(b>a)", " keepevicted=t endswith=(NOT a=1)"],
    ),
}
COMMAND = st.one_of(*COMMANDS.values())
PIPELINE = st.lists(COMMAND, min_size=1, max_size=4).map(" | ".join)

_IN_MODEL = st.sampled_from(["Processes.a", "Processes.b", "Processes.c", "Processes.zz"])
_MODEL_TEST = st.tuples(_IN_MODEL, st.sampled_from(["=", "!=", "<", ">="]), WANTED).map("".join)
_MODEL_PREDICATE = st.lists(st.tuples(st.sampled_from(["", "NOT ", "OR "]), _MODEL_TEST).map("".join), max_size=3).map(
    lambda tests: " ".join(tests).removeprefix("OR ")
)
TSTATS = st.tuples(
    st.sampled_from(["", "summariesonly=t ", "fillnull_value=- "]),
    st.sampled_from(["count", "count dc(Processes.a)", "values(Processes.b) as v min(_time) as t", "max(Processes.c)"]),
    _MODEL_PREDICATE.map(lambda tests: f" where {tests}" if tests else ""),
    st.sampled_from(["", " by Processes.a", " by Processes.b Processes.a", " by _time span=1h", " by Processes.zz"]),
).map("| tstats {0[0]}{0[1]} from datamodel=Endpoint.Processes{0[2]}{0[3]}".format)
MODEL_ROWS = st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(["a", "b", "c"], SCALAR)), max_size=6).map(
    lambda rows: [{**row, "_time": 1_750_000_000.0 + place * 977 % 4000} for place, row in enumerate(rows)]
)
