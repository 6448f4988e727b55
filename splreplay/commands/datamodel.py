"""datamodel: the events of a dataset of a data model (Search Reference, "datamodel")."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from splreplay import cim
from splreplay.cim import risk
from splreplay.run.command import ANY, NONE, Cursor, Outputs, Reads, Run, Segment, Source, Table
from splreplay.run.datasets import COMMON, dataset, parts_of
from splreplay.run.predicates import time_range
from splreplay.spl.options import Convert, boolean, read_options
from splreplay.spl.predicate import All
from splreplay.spl.tokens import Token
from splreplay.sql.values import Sql, identifier, literal

# Replay has no summaries that could be old or missing; the values are checked.
_OPTIONS: dict[str, Convert] = {"strict_fields": boolean, "allow_old_summaries": boolean, "summariesonly": boolean}


@dataclass(frozen=True)
class DataModel(Source):
    """`datamodel model dataset search|flat options`.

    Args:
        name: The dataset: "Endpoint.Processes" and so on.
        child: The dataset below it whose events are taken; None takes all.
        prefixed: Whether a field has the dataset's name before its own, as in `Processes.process_name`.
        strict: Whether events have no other fields than those of the dataset.
    """

    name: str
    child: str | None
    prefixed: bool
    strict: bool
    token: Token = dataclasses.field(repr=False, compare=False)

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> DataModel:
        """Read the data model, the dataset and the mode.

        Raises:
            UnsupportedError: Without a mode, which shows the definition of the model; for other modes; and for strict_fields=false.
        """
        start = cursor.here
        words = []
        while cursor.here.kind in ("word", "quoted") and not cursor.ahead().is_op("="):
            words.append(cursor.name())
        at = cursor.here
        options = read_options(cursor, _OPTIONS)
        if len(words) != 3 or words[2].lower() not in ("search", "flat"):
            example = " ".join([*words[:2], *["Endpoint", "Processes"][len(words) :], "search"])
            cursor.refuse("replay's datamodel runs its modes search and flat", start, f"write: datamodel {example}")
        if not options.get("strict_fields", True):
            cursor.refuse("replay's datamodel shows the fields of the dataset only", at, "leave strict_fields= out")
        name, child = parts_of(f"{words[0]}.{words[1]}")
        return cls(segment, name, child, words[2].lower() == "search", True, start)

    @property
    def names_all(self) -> bool:
        """False: every field of the dataset may matter."""
        return False

    def behind(self, before: Outputs) -> Outputs:
        if not self.strict or self.name == risk.NAME or self.name not in cim.DATASETS:
            return ANY
        return NONE.plus(self._shown(name) for name in (*cim.EVENT_FIELDS, *cim.DATASETS[self.name]))

    def reads(self, first: bool) -> Reads:
        return {self.name: {*cim.EVENT_FIELDS, *cim.DATASETS.get(self.name, ()), "nodename"}}

    def start(self, run: Run) -> Table:
        """Return the events of the dataset in the time range, the newest first, with the fields that any of them has.

        Raises:
            UnsupportedError: If replay has no such dataset.
        """
        model = dataset(self.name, run, self.segment, self.token)
        run.models.decides(self.name, (), (), All(()))
        nodes = [] if self.child is None else ["nodename"]
        where = time_range(run, "_time", {})
        if self.child is not None:
            where += f' AND list_contains("nodename", {literal(f"{model.root}.{self.child}")})'
        names = list(model.columns)
        rest = f"FROM ({model.query([*names, *nodes])}) WHERE {where}"
        fields = {name: Sql(identifier(name), model.kind(name)) for name in names}
        if run.stages.makes:
            counts = ", ".join(f"count({value.text})" for value in fields.values())
            [there] = run.stages.connection.execute(f"SELECT {counts} {rest}").fetchall()
            fields = {name: fields[name] for name, count in zip(names, there, strict=True) if count or name in COMMON}
        shown = {self._shown(name): value for name, value in fields.items()}
        return run.stages.store(shown, rest, 'row_number() OVER (ORDER BY "_time" DESC)')

    def _shown(self, name: str) -> str:
        """Return a field's name as results have it: without the names of datasets, or with all of them."""
        if name in COMMON:
            return name
        if self.prefixed:
            return f"{self.name.rpartition('.')[2]}.{name}"
        below = [f"{child}." for child in cim.CHILDREN.get(self.name, ()) if name.startswith(f"{child}.")]
        return name.removeprefix(max(below, key=len, default=""))
