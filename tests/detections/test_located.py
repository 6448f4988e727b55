"""Text from YAML and .conf files: where each character is, and what a hostile file does."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from splreplay import limits, located
from splreplay.detections import cases, source
from splreplay.errors import DataError
from splreplay.located import Text, read_conf, read_yaml
from tests.conftest import REPO

SAMPLE = REPO / "tests/build/app/package/detections/sample_tool_connection.yml"


@pytest.mark.parametrize(
    ("line", "column", "yaml"),
    [
        (1, 8, "a: one X two\n"),
        (2, 3, "a: one\n  X\n  two # not X\n"),
        (3, 7, "a: |\n  one\n      X\n  two\n"),
        (4, 3, "a: >-  # X\n\n  one\n  X\n  two\n"),
        (1, 9, "a: 'one X two'\n"),
        (1, 11, "a: 'it''s X two'\n"),
        (1, 9, 'a: "one X two"\n'),
        (2, 3, 'a: "one\\\n  \\x58 two"\n'),
        (1, 11, 'a: "\\"\\t\\\\X"\n'),
        (1, 14, 'a: "one\\u0020X two"\n'),
    ],
)
def test_yaml_place(line: int, column: int, yaml: str, tmp_path: Path) -> None:
    """A character of a YAML value is found in its file, whatever the form of the value."""
    (tmp_path / "x.yml").write_text(yaml)
    found = read_yaml(tmp_path / "x.yml")["a"]
    assert isinstance(found, Text)
    place = found.place(found.value.index("X"))
    assert (line, column) == (place.line, place.column)


def test_yaml_text_alone(tmp_path: Path) -> None:
    """A value is not converted: a number, a date and a word for false stay the text that they are."""
    (tmp_path / "x.yml").write_text("a: 0x10\nb: 2020-01-01\nc: no\nd: ~\n")
    found = read_yaml(tmp_path / "x.yml")
    values = {key: value.value if isinstance(value, Text) else value for key, value in found.items()}
    assert {"a": "0x10", "b": "2020-01-01", "c": "no", "d": None} == values


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)


@pytest.mark.parametrize(
    ("message", "content"),
    [
        ("line 1: YAML anchors are not read; write out what the anchor stands for", BOMB.encode()),
        ("line 1: YAML anchors are not read; write out what the anchor stands for", b"a: *b\n"),
        ("line 1: YAML anchors are not read; write out what the anchor stands for", b"&a b: 1\n"),
        ("line 2: YAML tags are not read; remove the tag", b"a: 1\nb: !!python/object/apply:os.system ['true']\n"),
        ("line 1: YAML tags are not read; remove the tag", b"a: !x y\n"),
        ("line 1: YAML tags are not read; remove the tag", b"!!str a: 1\n"),
        ("not UTF-8 at byte 3; save it as UTF-8", b"a: \xff\n"),
        ("not UTF-8 at byte 0; save it as UTF-8", "a: b\n".encode("utf-16")),
        ("line 2: holds the control character U+0007; remove it", b"a: 1\nb: \x07\n"),
        ("line 1: holds the control character U+0000; remove it", b"a: \0\n"),
        ("line 1: nests deeper than 100 levels; nest it less", b"a: " + b"[" * 100_000),
        ("line 1: nests deeper than 100 levels; nest it less", b"a: " + b"{a: " * 100_000),
        ("line 1: nests deeper than 100 levels; nest it less", b"- " * 100_000),
        ("line 2: not YAML: mapping values are not allowed in this context; mend the syntax there", b"a: 1\n b: 2\n"),
        ("line 2: key a stands twice, first in line 1; keep one of them", b"a: 1\na: 2\n"),
        ("line 1: this key is no text; write a name before the colon", b"? [a]\n: 1\n"),
        ("is no mapping of keys to values", b"- a\n"),
        ("is no mapping of keys to values", b""),
        ("line 2: a second document starts here; keep one in a file", b"a: 1\n---\nb: 1\n"),
        ("has more than the 1,000,000 bytes that replay reads", b"#" * (limits.MAX_YAML_BYTES + 1)),
    ],
)
def test_hostile_yaml(message: str, content: bytes, tmp_path: Path) -> None:
    """A file that grows, runs something, or is not YAML is one error that says where and why."""
    path = tmp_path / "x.yml"
    path.write_bytes(content)
    with pytest.raises(DataError) as refused:
        read_yaml(path)
    assert message == str(refused.value).removeprefix(f"{path}, ").removeprefix(f"{path}: ")


def test_strange_escape(tmp_path: Path) -> None:
    """An escape that is not a character, or only half of one, is an error with its line."""
    path = tmp_path / "x.yml"
    for escape in ("\\UFFFFFFFF", "\\uD800"):
        path.write_text(f'a: "{escape}"\n')
        with pytest.raises(DataError, match="line 1: not YAML: found invalid Unicode character escape code"):
            read_yaml(path)


def places(node: located.Node) -> object:
    """Return a node with the line of each key and the place of each character."""
    if isinstance(node, located.Keys):
        return [(key, node.lines[key], places(value)) for key, value in node.items()]
    if isinstance(node, located.Entries):
        return [node.line, *map(places, node)]
    return node and (node.value, node.plain, node.line, node.offsets)


@pytest.mark.parametrize("name", ["detections", "macros", "stories"])
def test_without_libyaml(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """If PyYAML was built without libyaml, its own parser reads the same values from the same places."""
    paths = sorted((REPO / "package").glob(f"{name}*/*.yml")) or [REPO / f"package/{name}.yml"]
    expected = [places(located.read_any_yaml(path)) for path in paths]
    monkeypatch.setattr(located, "_LOADER", yaml.SafeLoader)
    assert expected == [places(located.read_any_yaml(path)) for path in paths]


@pytest.mark.parametrize("name", ["nothing.yml", ".", "/dev/zero"])
def test_no_file(name: str, tmp_path: Path) -> None:
    """What does not exist, or is not a regular file, is refused and not waited for."""
    with pytest.raises(DataError):
        read_yaml(tmp_path / name)


@pytest.mark.parametrize(
    ("line", "column", "text"),
    [
        (2, 9, "[s]\na = one X\n"),
        (4, 3, "# a\n[s]\na = one \\\n  X \\\n  two\nb = X\n"),
        (3, 1, "[s]\r\na=one\\\r\nX\r\n"),
        (2, 9, "[s]\na = on\\eX\n"),
        (1, 3, "a=X\n"),
    ],
)
def test_conf_place(line: int, column: int, text: str, tmp_path: Path) -> None:
    """A character of a setting is found in its .conf file, even on continuation lines."""
    (tmp_path / "x.conf").write_bytes(text.encode())
    ((_, settings),) = read_conf(tmp_path / "x.conf", ("a",)).items()
    place = settings["a"].place(settings["a"].value.index("X"))
    assert ((line, column), ["a"]) == ((place.line, place.column), list(settings))


@settings(deadline=None)
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), min_size=1),
    st.sampled_from([None, "'", '"', "|", ">"]),
    st.integers(20, 100),
)
def test_every_yaml_place(text: str, style: str | None, width: int) -> None:
    """Whatever a value is and however it is written, each of its characters, or its escape, is found where it is."""
    written = yaml.safe_dump({"a": text}, default_style=style, width=width, allow_unicode=True)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yml"
        path.write_text(written, encoding="utf-8", newline="")
        found = read_yaml(path)["a"]
    if found is None:
        assert text == "" or style is None
        return
    assert isinstance(found, Text)
    wanted = [character for character in text if not character.isspace()]
    places = [found.file[place] for place in found.offsets]
    assert (text, len(wanted)) == (found.value, len(places))
    assert [] == [pair for pair in zip(wanted, places, strict=True) if pair[1] not in (pair[0], "\\")]


@settings(deadline=None)
@given(st.integers(0), st.binary(max_size=8), st.integers(0, 40))
def test_broken_yaml(place: int, inserted: bytes, dropped: int) -> None:
    """A detection's file with some bytes changed is read, or gives one of our errors."""
    content = SAMPLE.read_bytes()
    place %= len(content)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.yml"
        path.write_bytes(content[:place] + inserted + content[place + dropped :])
        with contextlib.suppress(DataError):
            for detection in source.read(path):
                cases.read(detection)
                detection.search.place(len(detection.search.value))


@given(st.text("ab \n\t\u2028", max_size=12), st.integers(0, 14))
def test_place_of_each_character(text: str, offset: int) -> None:
    """The place of a character is that of the next one that is not white space, in lines that end in a line break."""
    file = f"é\n{text}\nz"
    offsets = tuple(2 + index for index, character in enumerate(f"{text}z") if not character.isspace())
    index = offsets[min(len("".join(text[:offset].split())), len(offsets) - 1)]
    place = Text(text, file, 2, lambda: offsets).place(offset)
    assert (file[:index].count("\n") + 1, len(file[:index].split("\n")[-1]) + 1) == (place.line, place.column)
