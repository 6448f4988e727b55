"""Macros: text is replaced by text, before anything is parsed."""

from __future__ import annotations

import pytest

from splreplay.app.macros import Macro, expand, expansion, from_stanza, override
from splreplay.errors import DataError, SplError, SplSyntaxError, UnsupportedError, UsageError

MACROS = {
    name: Macro(name, definition, arguments)
    for name, definition, arguments in (
        ("plain", "a=1", ()),
        ("outer", "(`plain` OR b=2)", ()),
        ("one(1)", "x=$v$", ("v",)),
        ("two(2)", "$a$ $b$ $a$", ("a", "b")),
        ("loop", "`loop`", ()),
        ("tree", "`tree` `tree`", ()),
    )
}


@pytest.mark.parametrize(
    ("expanded", "text"),
    [
        ("search a=1 c=3", "search `plain` c=3"),
        ("(a=1 OR b=2)", "`outer`"),
        ("x=5", "`one(5)`"),
        (r"a=*\"x* a=1", r"a=*\"x* `plain`"),
        ("p q p", "`two(p, q)`"),
        ("if(a,b) c if(a,b)", "`two(if(a,b), c)`"),
        ("a, b c a, b", '`two("a, b", c)`'),
        ("$b$ z $b$", "`two($b$, z)`"),
        ("x=a=1", "`one(`plain`)`".replace("`plain`", "a=1")),
        ("summariesonly=a=1 x", "summariesonly=`plain` x"),
        ("a=1", "` plain `"),
        ('c="`plain`"', 'c="`plain`"'),
        ("a  b", "a `comment(any, text)` b"),
        ("a   b", 'a ```any `text` "``` b'),
        ('c="```x```"', 'c="```x```"'),
        ("", ""),
    ],
)
def test_expand(expanded: str, text: str) -> None:
    """A call outside quotes becomes its definition, arguments put in once; inside quotes it stays."""
    assert expanded == expand(text, MACROS)


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (
            "no macro is called 'two(1)' (line 1, column 8)\n  search `two(1)`\n         ^^^^^^^^\nthere is two(2)",
            "search `two(1)`",
        ),
        (
            "no macro is called 'zz' (line 1, column 1)\n  `zz`\n  ^^^^\n"
            "the app has: loop one(1) outer plain tree two(2); --macro defines it for a run",
            "`zz`",
        ),
        ("this macro is never closed (line 2, column 1)\n  `plain\n  ^\nadd the missing `", "a\n`plain"),
        ("this is not a macro call (line 1, column 1)\n  `a b`\n  ^^^^^\nwrite `name` or `name(argument)`", "`a b`"),
        ("this comment is never closed (line 1, column 3)\n  a ```b``\n    ^^^\nadd the missing ```", "a ```b``"),
        ("this is not a macro call (line 1, column 1)\n  ``\n  ^^\nwrite `name` or `name(argument)`", "``"),
    ],
)
def test_wrong_calls(error: str, text: str) -> None:
    """A wrong call is shown with a caret under it, and with what there is instead."""
    with pytest.raises(SplSyntaxError) as refused:
        expand(text, MACROS)
    assert error == str(refused.value)


def test_many_macros() -> None:
    """If there are very many macros, the error names those with nearly the same spelling."""
    many = {f"macro_{number}": Macro(f"macro_{number}", "x", ()) for number in range(100, 200)}
    with pytest.raises(SplSyntaxError) as refused:
        expand("`process_it`", many | {"process_its": Macro("process_its", "x", ())})
    hint = "the app has 101 others, of which the nearest: process_its; --macro defines it for a run"
    assert hint == str(refused.value).splitlines()[-1]


@pytest.mark.parametrize(
    ("origin", "offset"),
    [(0, 0), (7, 7), (9, 9), (9, 20), (16, 21), (17, 22), (19, 24), (19, 26), (26, 27)],
)
def test_origin(origin: int, offset: int) -> None:
    """Each character of the expanded text comes from its own place, or from the call that gave it."""
    found = expansion("search   `outer` b `plain`", MACROS)
    assert "search   (a=1 OR b=2) b a=1" == found.text
    assert origin == found.origin(offset)


@pytest.mark.parametrize("text", ["x `inner`", "x `missing`"])
def test_place_of_a_mistake(text: str) -> None:
    """A mistake inside a macro's definition is placed at the call in the search."""
    with pytest.raises(SplSyntaxError) as refused:
        expand(text, {"inner": Macro("inner", "a b `missing`", ())})
    assert refused.value.at is not None
    assert (text, 2) == (refused.value.at.text, refused.value.at.start)


@pytest.mark.parametrize("name", ["loop", "tree"])
def test_endless(name: str) -> None:
    """A macro that calls itself, once or several times, is refused instead of expanding without end."""
    with pytest.raises(UnsupportedError) as refused:
        expand(f"`{name}`", MACROS)
    assert "macros call each other more than 100 deep; one of them calls itself" == str(refused.value)


def test_override() -> None:
    """A replaced macro keeps its arguments, and the original macros stay as they were."""
    assert "y=5" == expand("`one(5)`", override(MACROS, "one(1)= y=$v$ "))
    assert "x=5" == expand("`one(5)`", MACROS)


@pytest.mark.parametrize(
    ("text", "call", "assignment"),
    [
        ("y=5", "new", "new=y=5"),
        ("y=5 z=6", "new(5, 6)", "new(a, b)=y=$a$ z=$b$"),
        ("y=5", "one(5)", "one(w)=y=$w$"),
    ],
)
def test_new_macro(text: str, call: str, assignment: str) -> None:
    """A macro that is not there is defined, with the names of its arguments."""
    assert text == expand(f"`{call}`", override(MACROS, assignment))


@pytest.mark.parametrize(
    "assignment", ["plain", "=x", "new(1)=x", "new()=x", "new(a b)=x", "new(a=b)", "n`w=x", "new(a=x"]
)
def test_wrong_override(assignment: str) -> None:
    """What is not NAME=DEFINITION, or does not name its arguments, is refused."""
    with pytest.raises(UsageError):
        override(MACROS, assignment)


@pytest.mark.parametrize(
    ("kind", "name", "stanza"),
    [
        (DataError, "m", {}),
        (DataError, "m(1)", {"definition": "x"}),
        (DataError, "m", {"definition": "x", "args": "a"}),
    ],
)
def test_wrong_stanza(kind: type[SplError], name: str, stanza: dict[str, str]) -> None:
    """A stanza without a definition, or with other arguments than its name says, is refused."""
    with pytest.raises(kind):
        from_stanza(name, stanza, "macros.conf")


def test_stanza() -> None:
    """The arguments of a stanza are cut at commas."""
    expected = Macro("m(2)", "$a$ $b$", ("a", "b"))
    assert expected == from_stanza("m(2)", {"definition": "$a$ $b$", "args": "a, b"}, "macros.conf")


@pytest.mark.parametrize(("key", "value"), [("iseval", "1"), ("validation", "isnum(a)")])
def test_refused_where_called(key: str, value: str) -> None:
    """A macro with iseval or validation is refused where a search calls it, and harms no other search."""
    macros = {"m": from_stanza("m", {"definition": "x", key: value}, "macros.conf")}
    assert "a=1" == expand("a=1", macros)
    with pytest.raises(UnsupportedError) as refused:
        expand("a=1 `m`", macros)
    expected = (
        f"macro m uses {key}, which replay does not run (line 1, column 5)\n  a=1 `m`\n      ^^^\n"
        "for this run give it a text of its own: --macro 'm=…'"
    )
    assert expected == str(refused.value)


def test_refused_and_replaced() -> None:
    """A macro that replay cannot use runs once it is replaced."""
    macros = {"m": from_stanza("m", {"definition": "x", "iseval": "1"}, "macros.conf")}
    assert "a=1" == expand("`m`", override(macros, "m=a=1"))
