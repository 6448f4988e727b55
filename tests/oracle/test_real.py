"""Commands that make tables and transactions of events, over the events of real recordings: replay and the second executor agree."""

from __future__ import annotations

import pytest

from splreplay.app import App
from splreplay.recording import EVERYTHING, record
from tests.conftest import REPO
from tests.oracle.test_agree import Rows, agree
from tests.replay.searches import replay

pytestmark = pytest.mark.slow

# So many of each recording's events are taken: the second executor is slow.
EVENTS = 250
FIELDS = "_time host EventCode Image User ProcessId TargetUserName LogonType TargetLogonId"


@pytest.fixture(scope="module")
def recordings(shared_data) -> dict[str, Rows]:
    """The newest events of each recording, by its name."""
    found: dict[str, Rows] = {}
    for path in sorted((shared_data / "otrf").iterdir()):
        recording = record([str(path)], EVERYTHING)
        rows = replay(recording, App(REPO), f"search * | head {EVENTS} | table {FIELDS}").results.rows
        found[path.name] = [dict(row) for row in rows]
    return found


@pytest.mark.parametrize(
    "pipe",
    [
        "top limit=3 useother=true EventCode by host",
        "rare limit=3 Image User",
        "chart count over host by EventCode limit=4",
        "chart dc(ProcessId) over EventCode by Image limit=3 useother=f",
        "transaction ProcessId maxpause=2s",
        "transaction host Image maxspan=1m maxevents=20",
        "transaction ProcessId Image connected=false",
        "transaction ProcessId startswith=(EventCode=1) endswith=eval(EventCode=5) keepevicted=true",
        "transaction host startswith=eval(EventCode=4624) endswith=(EventCode=4634)",
        "stats count by host EventCode | xyseries host EventCode count | addtotals col=t labelfield=host",
        "stats count by EventCode | transpose 0 header_field=EventCode | untable column EventCode count",
        "stats count by Image | appendpipe [stats sum(count) as count | eval Image=\"all\"] | tail 3 | reverse",
    ],
)  # fmt: skip
def test_real_events(pipe: str, recordings: dict[str, Rows]) -> None:
    """Of the newest events of every recording both make the same results, in the same order."""
    for rows in recordings.values():
        agree(pipe, rows)


def test_there_are_events(recordings: dict[str, Rows]) -> None:
    """The recordings have events enough to disagree about."""
    assert len(recordings) > 10
    assert sum(map(len, recordings.values())) > 2_000
