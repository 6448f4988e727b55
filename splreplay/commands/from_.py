"""from: the events of a data model, the rows of a lookup, or the results of a saved search (Search Reference, "from")."""

from __future__ import annotations

from splreplay.commands.datamodel import DataModel
from splreplay.commands.inputlookup import InputLookup
from splreplay.commands.savedsearch import SavedSearch
from splreplay.run.command import Cursor, Segment, Source
from splreplay.run.datasets import parts_of
from splreplay.spl.predicate import All

TYPES = ("datamodel", "lookup", "savedsearch")


class From(Source):
    """`from type:name`, or `from type name`: what reads that type of dataset."""

    names = ("from",)

    @classmethod
    def parse(cls, segment: Segment, cursor: Cursor) -> Source:
        """Return the command that gives the dataset: the fields of a data model have no prefix, as `datamodel … flat` has them."""
        return read_dataset(segment, cursor)


def read_dataset(segment: Segment, cursor: Cursor) -> Source:
    """Return what gives the dataset at the cursor.

    Raises:
        SplSyntaxError: If it is none.
    """
    start = cursor.here
    written = cursor.name("a dataset")
    kind, colon, name = written.partition(":")
    if kind.lower() not in TYPES or (colon and not name and cursor.here.kind != "quoted"):
        cursor.fail("expected a dataset", start, "write for example: datamodel:Endpoint.Processes or lookup:name.csv")
    token = start
    if not name:
        token = cursor.here
        name = cursor.name("the name of a dataset")
    if kind.lower() == "lookup":
        return InputLookup(segment, name, All(()))
    if kind.lower() == "savedsearch":
        return SavedSearch(segment, name)
    # Whether from leaves out the events' other fields is not documented †.
    dataset, child = parts_of(name)
    return DataModel(segment, dataset, child, prefixed=False, strict=False, token=token)
