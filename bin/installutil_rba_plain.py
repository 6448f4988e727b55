"""The answers of `rules` and `table` result by result: for any results, any number of detections, and either output."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import tee

import installutil_rba_rules as rules
import installutil_rba_table as table
from installutil_rba_fields import ANNOTATION, MODIFIER, MULTIVALUE
from installutil_rba_lookups import Configuration
from installutil_rba_values import Record, Value, values

UNKNOWN_KEPT = 10  # names that are not a detection's; an attacker may send any number


class PlainPath:
    """Answers whole chunks, and never holds more than one of their results."""

    def __init__(
        self,
        detections: Mapping[str, Configuration],
        missing: str,
        detection_field: str | None = None,
        carried: Sequence[str] | None = None,
    ) -> None:
        """
        Prepare to annotate results, or to make risk events of them.

        Args:
            detections: By name in lower case; exactly one if there is no *detection_field*.
            missing: What `rules.annotate` takes.
            detection_field: The field of a result that names its detection.
            carried: The fields of the result that risk events carry; None annotates.
        """
        self.unknown: dict[str, None] = {}  # the first names that are not a detection's
        self._detections = detections
        self._missing = missing
        self._detection_field = detection_field
        self._carried = carried
        self._read = {field for detection in detections.values() for field in rules.fields_read(detection)}
        self._read.update(carried or (), [detection_field] if detection_field else ())

    def answer(self, body: str, tally: Counter[str]) -> Iterator[str]:
        """
        Yield the answer to a chunk in pieces, and count what risk_status begins with.

        Raises:
            TableError: The chunk, or the rest of it, is not a table.
        """
        results = table.read(body)
        rows, again = tee(results.rows)
        records = results._replace(rows=again).records(self._read)
        if self._carried is None:
            findings = (self._counted(record, tally) for record in records)
            yield from table.write(results._replace(rows=rows).with_fields(ANNOTATION, findings))
        else:
            events = (event for record in records for event in self._events(record, tally))
            yield from table.write(table.made_of([*MODIFIER, *self._carried], events, MULTIVALUE.union(self._carried)))

    def _counted(self, record: Record, tally: Counter[str]) -> dict[str, Value]:
        detection = self._detection(record)
        if detection is None:
            name = self._name(record)
            if name and len(self.unknown) < UNKNOWN_KEPT:
                self.unknown[name[: rules.LONGEST_NAME]] = None
            finding = rules.undetected(self._detection_field or "", name)
        else:
            finding = rules.annotate(detection, record, self._missing)
        tally[rules.kind_of_status(finding)] += 1
        return finding

    def _events(self, record: Record, tally: Counter[str]) -> Iterator[dict[str, Value]]:
        finding = self._counted(record, tally)
        detection = self._detection(record)
        if detection:
            yield from rules.modifiers(detection, record, finding, self._missing, self._carried or ())

    def _detection(self, record: Record) -> Configuration | None:
        if self._detection_field is None:
            (only,) = self._detections.values()
            return only
        return self._detections.get(self._name(record).strip().lower())

    def _name(self, record: Record) -> str:
        """Return the first value of the field that names the detection."""
        return next(iter(values(record, self._detection_field or "")), "")
