"""How a field of the results was called before some commands, as each command says of itself."""

from __future__ import annotations

import pytest

from splreplay.app import App
from splreplay.planning import plan
from splreplay.run.command import NONE, origin
from tests.conftest import REPO

BEFORE = ("Computer", "Image", "dest", "Processes.dest")


@pytest.mark.parametrize(
    ("expected", "name", "commands"),
    [
        ("dest", "dest", "where x=1 | sort dest | dedup dest"),
        (
            "dest",
            "dest",
            'reverse | regex dest="x" | fillnull value=x dest | head 2 | tail 1 | fields dest | table dest',
        ),
        ("Computer", "dest", "rename Computer as dest"),
        (None, "Computer", "rename Computer as dest"),
        ("Computer", "dest", "rename Computer as host | rename host as dest"),
        ("Computer", "dest", "rename Computer as host host as dest"),
        ("Processes.dest", "dest", 'rename "Processes.*" as *'),
        ("Image", "Image", 'rename "Processes.*" as *'),
        ("Computer", "x", "eval x=Computer"),
        ("Computer", "y", "eval x=Computer, y=x"),
        ("Computer", "Computer", "eval x=Computer"),
        (None, "x", "eval x=lower(Computer)"),
        (None, "dest", 'eval dest="a"'),
        ("Computer", "dest", "stats count by Computer | rename Computer as dest"),
        (None, "count", "stats count by Computer"),
        (None, "dest", "stats values(dest) as dest by Computer"),
        ("dest", "dest", "eventstats count by Computer"),
        (None, "dest", "eventstats values(Computer) as dest"),
        (None, "dest", "streamstats last(*) as *"),
        ("dest", "dest", "streamstats count by dest"),
        (None, "dest", "replace a with b in d*"),
        ("dest", "dest", "replace a with b in Image"),
        (None, "dest", "replace a with b"),
        (None, "dest", 'rex field=dest mode=sed "s/a/b/"'),
        (None, "dest", 'rex field=Image "(?<dest>.)"'),
        ("dest", "dest", 'rex field=dest "(?<x>.)"'),
        (None, "dest", "convert ctime(dest)"),
        ("dest", "dest", "convert ctime(Image) ctime(dest) as x"),
        (None, "dest", "lookup l Computer OUTPUT x as dest"),
        ("dest", "dest", "lookup l dest OUTPUT x"),
        (None, "dest", 'eval {Image}="a"'),
        (None, "dest", 'appendpipe [eval dest="a"]'),
        (None, "dest", 'foreach d* [eval <<FIELD>>="a"]'),
        (None, "dest", "join Image [search * | fields Image dest]"),
        ("Image", "Image", "join Image [search * | fields Image dest]"),
    ],
)
def test_origin(expected: str | None, name: str, commands: str) -> None:
    """A field is followed back where it is renamed, copied or grouped by, and not where it is computed."""
    planned = plan(App(REPO), f"search * | {commands}")
    assert expected == origin(name, planned.pipeline[1:], NONE.plus(BEFORE))
