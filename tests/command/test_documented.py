"""What Splunk is told about the command agrees with what it does."""

from __future__ import annotations

import configparser
import re
import shlex
from pathlib import Path

import pytest

from tests.command.splunkd import DETECTION, REPO, build_app, execute, getinfo, run


# Splunk's [ ] stanzas, `key = value`, and a backslash that continues a line.
def stanzas(filename: str) -> configparser.ConfigParser:
    """Return a conf file of default/."""
    parser = configparser.ConfigParser(delimiters="=", comment_prefixes="#", interpolation=None, strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(re.sub(r"\\\n\s*", "", (REPO / "default" / filename).read_text("utf-8")))
    return parser


SEARCHBNF = stanzas("searchbnf.conf")
EXAMPLES = [value for key, value in SEARCHBNF["rbaenrich-command"].items() if key.startswith("example")]


def test_commands_conf() -> None:
    """Splunk starts the command with the protocol that it speaks and the Pythons that it runs on."""
    expected = {
        "filename": "rbaenrich.py",
        "chunked": "true",
        "python.version": "python3",
        "python.required": "3.9,3.13",
    }
    parser = stanzas("commands.conf")
    assert {"rbaenrich": expected} == {name: dict(parser[name]) for name in parser.sections()}


def test_every_option_is_in_the_search_bar(tmp_path: Path, python: str) -> None:
    """The options that the command lists when it gets an unknown one are those of searchbnf.conf."""
    error = run(build_app(tmp_path), python, getinfo("?")).errors()[0]
    options = re.findall(r"(\w+)=", error)
    option = SEARCHBNF["rbaenrich-option"]
    assert options == re.findall(r"(\w+)=", option["syntax"])
    assert options == re.findall(r"(?:^|\\p)(\w+):", option["description"])


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_is_accepted(tmp_path: Path, python: str, example: str) -> None:
    """The options of every example in the search bar are accepted."""
    command = next(part for part in example.split("|") if part.split()[:1] == ["rbaenrich"])
    outcome = run(build_app(tmp_path), python, getinfo(*shlex.split(command)[1:]), execute("user\nbob\n"))
    assert ([], 0) == (outcome.errors(), outcome.status)


def test_every_example_has_its_comment() -> None:
    """Each example says what it is for."""
    keys = SEARCHBNF["rbaenrich-command"]
    assert [key.replace("example", "comment") for key in keys if key.startswith("example")] == [
        key for key in keys if key.startswith("comment")
    ]


def test_examples_name_the_detection_that_ships() -> None:
    """An example that names a detection names this app's."""
    assert {DETECTION} == {name for example in EXAMPLES for name in re.findall(r'detection="([^"]+)"', example)}
