"""One large result, or very many results: the answer is bounded, and so is the memory that it takes."""

from __future__ import annotations

import os
import resource
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command.splunkd import Outcome, build_app, execute, getinfo, read_reply, run, splunk_csv, start

pytestmark = pytest.mark.slow

IN_MEMORY_KB = 64 * 1024  # of an answer, as installutil_rba_wire.py has it
FIELDS = ["user", "dest", "connection_to_CNC", "__mv_user", "__mv_connection_to_CNC"]


def encoded(values: list[str]) -> str:
    """Return a `__mv_` cell."""
    return ";".join(f"${value}$" for value in values)


def many(users: int, far_ends: int, padding: str = "") -> str:
    """Return a chunk of one result with that many users and far ends; *padding* ends the name of each far end."""
    names = [f"user{number}" for number in range(users)]
    ends = [f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}{padding}" for number in range(far_ends)]
    cells = ["\n".join(names), "ws5", "\n".join(ends), encoded(names), encoded(ends)]
    return splunk_csv(FIELDS, [cells])


def warnings(outcome: Outcome) -> list[str]:
    """Return what the job inspector warns of."""
    return [text for reply in outcome.replies for level, text in reply.messages() if level == "WARN"]


def test_a_process_with_sixty_thousand_far_ends_is_one_sane_finding(app: Path, python: str) -> None:
    """It keeps its score and its own fields, has the first hundred as threat objects, and counts the others."""
    outcome = run(app, python, getinfo(), execute(many(1, 60_000)))
    (result,) = outcome.results()
    threats = result["threat_objects"].split("\n")
    warning = (
        "1 of 1 results have more than 100 objects of a type; only the first 100 are kept, "
        "and risk_status says how many are left out"
    )
    assert (
        "80",
        "scored; left out: 59900 of 60000 threat objects",
        (100, "ip_address=10.0.0.0", "ip_address=10.0.0.99"),
        60_000,
        [warning],
    ) == (
        result["risk_score"],
        result["risk_status"],
        (len(threats), threats[0], threats[-1]),
        len(result["connection_to_CNC"].split("\n")),
        warnings(outcome),
    )


def test_far_ends_do_not_push_other_threat_objects_out(app: Path, python: str) -> None:
    """Each type of threat object has its own hundred."""
    header = ["connection_to_CNC", "__mv_connection_to_CNC", "process_name"]
    ends = [f"10.0.{number >> 8}.{number & 255}" for number in range(300)] + ["c2.example"]
    body = splunk_csv(header, [["\n".join(ends), encoded(ends), "x.exe"]])
    threats = run(app, python, getinfo(), execute(body)).results()[0]["threat_objects"].split("\n")
    assert (102, "process_name=x.exe", "domain=c2.example") == (len(threats), threats[0], threats[-1])


def test_risk_events_of_one_result(app: Path, python: str) -> None:
    """A hundred of six thousand users become risk events, and so does the endpoint; a message shows ten of them."""
    outcome = run(app, python, getinfo("output=modifiers"), execute(many(6000, 6000)))
    events = outcome.results()
    shown = ", ".join(f"user{number}" for number in range(10))
    assert (101, True, 100, f"by user {shown} and 5990 more generating a remote download.") == (
        len(events),
        len(outcome.replies[1].body) < 101 * 12_000,
        len(events[0]["threat_object"].split("\n")),
        events[0]["risk_message"].partition("endpoint ws5 ")[2],
    )


def test_values_that_risk_events_carry(app: Path, python: str) -> None:
    """A risk event carries the first hundred of a field's many values, and says there how many more there are."""
    outcome = run(app, python, getinfo("output=modifiers", "fields=connection_to_CNC"), execute(many(1, 1000)))
    carried = [event["connection_to_CNC"].split("\n") for event in outcome.results()]
    assert [(101, "10.0.0.99", "and 900 more")] * 2 == [(len(ends), ends[99], ends[100]) for ends in carried]


def many_results(number: int) -> str:
    """Return a chunk of that many results."""
    return splunk_csv(["user", "dest"], [[f"u{n}", "ws5"] for n in range(number)])


def memory(app: Path, python: str, options: list[str], body: str) -> tuple[int, int]:
    """Return the most memory that the command held until it had answered one chunk, and the size of the answer, in kB."""
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        process.stdin.write(getinfo(*options))
        process.stdin.flush()
        read_reply(process.stdout)
        process.stdin.write(execute(body))
        process.stdin.flush()
        answered = len(read_reply(process.stdout).body)
        text = Path(f"/proc/{process.pid}/status").read_text()
        process.stdin.close()
    return int(text.partition("VmHWM:")[2].split()[0]), answered // 1000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the size of a process is read from /proc")
@pytest.mark.parametrize(
    ("options", "chunk"),
    [
        pytest.param([], lambda: many_results(50_000), id="50,000 results"),
        pytest.param(["output=modifiers"], lambda: many_results(12_500), id="25,000 risk events"),
        pytest.param([], lambda: many(20_000, 20_000), id="20,000 values"),
        pytest.param(["output=modifiers"], lambda: many(20_000, 20_000), id="risk events of 20,000 values"),
        pytest.param(["output=modifiers"], lambda: many(60, 100, "x" * 3000), id="an answer that waits on disk"),
    ],
)
def test_memory(app: Path, python: str, options: list[str], chunk: Callable[[], str]) -> None:
    """A chunk of very many results, or values, takes little more memory than what is kept of an answer."""
    body = chunk()
    held, answered = memory(app, python, options, body)
    # A command that has answered nothing holds 24,000. What grows has an eighth more room than it needs.
    most = 40_000 + 10 * len(body) // 1000 + min(answered, IN_MEMORY_KB) * 9 // 8
    assert held < most, f"{held} kB for {len(body)} bytes and an answer of {answered} kB"


# More than what is kept in memory, but in few results, because each costs time.
LARGE = [[f"u{number}", "x" * 700_000] for number in range(100)]


def test_an_answer_that_waits_on_disk(tmp_path: Path, app: Path, python: str) -> None:
    """An answer larger than what is kept in memory is whole, and leaves no file behind."""
    frames = getinfo(), execute(splunk_csv(["user", "x"], LARGE))
    results = run(app, python, *frames, environment={"TMPDIR": str(tmp_path)}).results()
    whole = [result["x"] == "x" * 700_000 for result in results]
    assert ([True] * 100, "u99", []) == (whole, results[-1]["risk_user"], os.listdir(tmp_path))


def test_a_disk_that_is_full(app: Path, python: str) -> None:
    """If there is no room for an answer, the search ends with one line that says where room is needed."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, before[1]))
    try:
        frames = getinfo("output=modifiers"), execute(many(60, 100, "x" * 3000))
        outcome = run(app, python, *frames, environment={"TMPDIR": "/tmp"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert (["no room for an answer in /tmp: File too large; make some"], 1) == (outcome.errors(), outcome.status)


def test_a_shipped_bound_holds_for_the_lookups_of_a_site(tmp_path: Path, python: str) -> None:
    """An entity's own message is bounded as the detection's is."""
    entities = (
        "detection,role,field,object_type,risk_score,risk_message,disabled\n"
        "*,risk,dest,system,,$risk_object$ by $user$,0\n"
    )
    app = build_app(tmp_path, shipped={"entities": []}, files={"installutil_rba_entities_local.csv": entities})
    (event,) = run(app, python, getinfo("output=modifiers"), execute(many(12, 1))).results()
    shown = ", ".join(f"user{number}" for number in range(10))
    assert f"ws5 by {shown} and 2 more" == event["risk_message"]
