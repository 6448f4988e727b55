"""The commands by name."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import pytest

from splreplay import commands
from tests.conftest import REPO


@pytest.mark.parametrize("name", commands.NAMES)
def test_names(name: str) -> None:
    """Each name is that of a command."""
    found = commands.class_of(name)
    assert found is not None
    assert name in found.names


def test_every_command() -> None:
    """Each module is a command's, but that of the commands of apps."""
    modules = {one.name.rstrip("_") for one in pkgutil.iter_modules(commands.__path__)}
    assert {*modules, "bucket"} == {*commands.NAMES, "external"}


def test_an_unknown_name() -> None:
    """A module of that name is no command."""
    assert commands.class_of("external") is None


def test_only_those_of_the_search() -> None:
    """A search imports the modules of its own commands, because all of them take as long to import as a search runs."""
    code = "import sys; from splreplay.parser import parse; parse('| makeresults | head 1'); print('splreplay.commands.transaction' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, check=True)
    assert "False\n" == done.stdout
