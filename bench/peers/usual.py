"""The rules of rbaenrich, written as splunklib's own examples are: with a dict for each result."""

import os
import sys
from datetime import date

APP = sys.argv.pop()
sys.path[:0] = [os.path.join(APP, "bin"), os.path.join(APP, "lib")]

import installutil_rba_lookups as lookups  # noqa: E402  (it can be found only now)
import installutil_rba_rules as rules  # noqa: E402
from splunklib.searchcommands import Configuration, StreamingCommand, dispatch  # noqa: E402


@Configuration(distributed=False)
class UsualCommand(StreamingCommand):  # type: ignore[misc]
    """Adds the fields of one detection to each result."""

    def prepare(self) -> None:
        """Read the lookups."""
        self.lookups = lookups.load(APP, None, date.today())

    def stream(self, records):  # type: ignore[no-untyped-def]
        """Yield each result with its risk."""
        for record in records:
            record.update(rules.annotate(self.lookups, record, "unknown"))
            yield record


dispatch(UsualCommand)
