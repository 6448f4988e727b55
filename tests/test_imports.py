"""How the modules of this project depend on each other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.conftest import REPO

ROOMS = ("splreplay", "comparison", "builder", "dashboard", "bench")
MODULES = {
    ".".join(path.relative_to(REPO).with_suffix("").parts).removesuffix(".__init__"): path
    for room in ROOMS
    for path in (REPO / room).rglob("*.py")
}


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of this project that a module imports, anywhere in it, even if only for its types."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by a relative name"
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            yield next((one for one in (name, name.rpartition(".")[0]) if one in MODULES), "")


@cache
def graph() -> dict[str, set[str]]:
    """Return the modules that each module imports."""
    return {name: {one for one in imported(path) if one} for name, path in MODULES.items()}


def test_no_circle() -> None:
    """No two modules import each other, directly or through others."""
    try:
        TopologicalSorter(graph()).prepare()
        circle = []
    except CycleError as error:
        circle = error.args[1]
    assert [] == circle


def test_the_engine_stands_alone() -> None:
    """The engine imports none of the packages beside it."""
    engine = {name: needs for name, needs in graph().items() if name.startswith("splreplay")}
    others = {room for needs in engine.values() for name in needs if (room := name.partition(".")[0]) != "splreplay"}
    assert (True, set()) == (len(engine) > 100, others)


def test_the_language_knows_no_data() -> None:
    """The modules that read the text of a search import only each other, errors and limits."""
    language = {need for name, needs in graph().items() if name.startswith("splreplay.spl") for need in needs}
    assert {"splreplay.errors", "splreplay.limits"} == {name for name in language if ".spl." not in f"{name}."}
