"""rename: give fields other names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from splreplay.run.command import Cursor, Outputs, Run, Segment, Table, Transform
from splreplay.spl.wildcards import matching, substitute


@dataclass(frozen=True)
class Rename(Transform):
    """`rename old AS new, …`; both may hold wildcards, as many on one side as on the other."""

    streams = True
    by_name = True

    pairs: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Rename:
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

    def uses(self, needed: bool = False) -> Iterator[str]:
        made: set[str] = set()
        for old, new in self.pairs:
            if old not in made:
                yield old
            made.add(new)

    def behind(self, before: Outputs) -> Outputs:
        names = set(before.names)
        for old, new in self.pairs:
            if "*" not in old and (before.open or old in names):
                names = names - {old} | {new}
            elif "*" not in old:
                names.discard(new)
            else:
                renamed = {name: substitute(old, new, name) for name in matching(old, names)}
                names = names.difference(renamed) | set(renamed.values())
        return Outputs(frozenset(names), before.open)

    def origin(self, name: str, before: Outputs) -> str | None:
        for old, new in reversed(self.pairs):
            if "*" in old:
                earlier = substitute(new, old, name) if matching(new, [name]) else name
                name = earlier if earlier in before.names else name
            elif name == new:
                name = old
            elif name == old:
                return None
        return name

    def run(self, rows: Table, run: Run) -> Table:
        """Return the results renamed; where the old field of a pair does not exist, the field of the new name is emptied.

        Source: Search Reference, "rename": "the target field is set to NULL" when the source does not exist.
        """
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
        return run.stages.named(rows, columns)
