"""rename: give fields other names."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay.run import Run, Table
from splreplay.spl.options import matching, substitute
from splreplay.spl.pipeline import Segment


@dataclass(frozen=True)
class Rename:
    """`rename old AS new, …`; both may hold wildcards, as many on one side as on the other."""

    segment: Segment = dataclasses.field(repr=False)
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, segment: Segment) -> Rename:
        """Read the pairs."""
        cursor = segment.arguments()
        pairs: list[tuple[str, str]] = []
        while cursor.here.kind != "end":
            old_token = cursor.here
            old = cursor.name()
            if not cursor.accept_word("as"):
                cursor.fail("expected AS and the new name")
            new = cursor.name("the new name")
            if old.count("*") != new.count("*"):
                hint = "write the same number of * on both sides"
                cursor.fail("the wildcards of the two names must match", old_token, hint)
            pairs.append((old, new))
            cursor.accept_op(",")
        if not pairs:
            cursor.fail("expected a field to rename")
        return cls(segment, tuple(pairs))

    def run(self, rows: Table | None, run: Run) -> Table:
        """Return the results renamed; a pair whose old field is not there empties the field of the new name.

        Source: Search Reference, "rename": "the target field is set to NULL" when the source does not exist.
        """
        assert rows is not None
        columns = dict(rows.columns)
        for old, new in self.pairs:
            sources = matching(old, columns)
            if not sources and "*" not in old:
                columns.pop(new, None)
            for name in sources:
                target = substitute(old, new, name)
                if target != name:
                    columns.pop(target, None)
                    columns = {target if key == name else key: value for key, value in columns.items()}
        return rows.named(columns, run)
