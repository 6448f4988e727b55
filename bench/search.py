"""How the cost of the scheduled search grows with the network, against DuckDB counting the same rows by process.

Ten times as many connections take less than ten times as long: the cost is linear, plus a constant.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from splreplay import cim, engine, logs
from splreplay.app import App
from splreplay.logs import LoadReport
from splreplay.logs.names import column
from splreplay.planning import plan
from splreplay.recording import Recording, connect

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
INSTALLUTILS = 100
NAME = "Windows InstallUtil Remote Network Connection"


def network(connections: int) -> Recording:
    """Return a network of that many connections, a hundred of them by InstallUtil."""
    database = connect()
    logs.create_table(database, cim.FIELDS)
    every = connections // INSTALLUTILS
    guid = "format('{{7c1e4a52-0000-0000-0000-{:012x}}}', n)"
    host = "'wks' || n % 5000"
    image = f"CASE WHEN n % {every} = 0 THEN 'C:\\Windows\\InstallUtil.exe' ELSE 'C:\\Browser\\browser.exe' END"
    common = (
        f'{host} AS computer, {guid} AS "{column("ProcessGuid")}", {image} AS "{column("Image")}", '
        f'CAST(1000 + n // 5000 AS VARCHAR) AS "{column("ProcessId")}"'
    )
    sysmon = "'Microsoft-Windows-Sysmon' AS provider"
    database.execute(
        f"INSERT INTO event BY NAME SELECT {sysmon}, 3 AS event_id, 1750000001.0 AS time, {common}, "
        f"'true' AS \"{column('Initiated')}\", '203.0.113.10' AS \"{column('DestinationIp')}\", "
        f"'443' AS \"{column('DestinationPort')}\" FROM range({connections}) t(n)"
    )
    database.execute(
        f"INSERT INTO event BY NAME SELECT {sysmon}, 1 AS event_id, 1750000000.0 AS time, {common} "
        f"FROM range(0, {connections}, {every}) t(n)"
    )
    return Recording(database, LoadReport(()))


def seconds(*works: Callable[[], object], runs: int = 3) -> list[float]:
    """Return the shortest time of several runs of each; they take turns, so that a busy moment affects all of them."""
    taken: list[list[float]] = [[] for _ in works]
    for _ in range(runs):
        for work, times in zip(works, taken, strict=True):
            start = time.perf_counter()
            work()
            times.append(time.perf_counter() - start)
    return [min(times) for times in taken]


def main() -> None:
    """Print a line for each size."""
    app = App(engine.app_folder())
    # Without the command, whose start-up takes the same time for every size.
    planned = plan(app, app.saved_search(NAME).search.split("| rbaenrich")[0])
    print("scheduled search, by connections; the count is DuckDB's, of the same rows by process")
    before = 0.0
    for size in SIZES:
        log = network(size)
        count = f'SELECT count(*) FROM (SELECT "{column("ProcessGuid")}", count(*) FROM event WHERE event_id = 3 GROUP BY ALL)'
        for_search, for_count = seconds(
            lambda log=log: engine.replay(planned, log),  # type: ignore[misc]
            lambda log=log, count=count: log.connection.execute(count).fetchall(),  # type: ignore[misc]
        )
        findings = len(engine.replay(planned, log).results.rows)
        growth = f", {for_search / before:.1f} times the time for a tenth of them" if before else ""
        before = for_search
        print(f"  {size:>10,} connections, {findings} findings: {for_search / for_count:6.1f} times the count{growth}")
