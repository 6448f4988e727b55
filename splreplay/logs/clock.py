"""Whether the times of a log are what they are taken for: Sysmon writes the time of an event once more, in UTC, as UtcTime."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from splreplay.logs.events import SYSMON, UnreadableEventError, epoch
from splreplay.logs.names import Wanted, column

CONNECTION = 3
# So many events of a log are looked at.
SAMPLE_ROWS = 200
# Less is no other zone, but how long a connection was open, or an event on its way.
APART_S = 1800
# What is read of a log for this, whatever else is wanted.
WANTED = Wanted(("UtcTime",))


class Clock:
    """The first events of a log, which pass here while it is read."""

    def __init__(self) -> None:
        """Begin without events."""
        self._left = SAMPLE_ROWS
        self._differences: list[tuple[int, float]] = []

    def see(self, batch: pa.RecordBatch) -> None:
        """Look at the next events of the log, if the sample is not complete."""
        if self._left and column("UtcTime") in batch.schema.names:
            self._differences += _differences(batch.slice(0, self._left))
        self._left = max(0, self._left - batch.num_rows)

    @property
    def apart(self) -> str:
        """What is said where the UtcTime of the events of Sysmon is hours from their times, or ""."""
        # The UtcTime of a connection may be days before its event in real logs.
        known = sorted(apart_s for number, apart_s in self._differences if number != CONNECTION) or sorted(
            apart_s for _, apart_s in self._differences
        )
        difference = known[len(known) // 2] if known else 0
        if abs(difference) < APART_S:
            return ""
        way = "after" if difference > 0 else "before"
        hours = f"{round(abs(difference) / 900) / 4:,.12g} hours"
        return f"the UtcTime of its Sysmon events is {hours} {way} their time, which is what was taken: it may be a local one"


def _differences(batch: pa.RecordBatch) -> Iterator[tuple[int, float]]:
    """Yield the number of each event of Sysmon, and by how many seconds its UtcTime is later than its time."""
    listed = (batch[name].to_pylist() for name in ("provider", "event_id", "time", column("UtcTime")))
    for provider, number, time, clock in zip(*listed, strict=True):
        if provider == SYSMON and clock:
            try:
                yield number, epoch(clock) - time
            except UnreadableEventError:
                continue
