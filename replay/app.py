"""A Splunk app as replay reads it: its macros, saved searches, lookups and commands, default/ under local/."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from replay import conf, limits, macros
from replay.commands import Pipeline, parse
from replay.errors import DataError, UsageError
from replay.lookups import LookupTable, read_csv
from replay.macros import Macro


@dataclass(frozen=True)
class SavedSearchStanza:
    """A saved search: its text as stored, and whether it is disabled."""

    name: str
    search: str
    disabled: bool


@dataclass
class App:
    """The app in *folder*; *overrides* are macros replaced for this run, `NAME=DEFINITION`."""

    folder: Path
    overrides: Sequence[str] = ()

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """The macros by name and arity, those of Splunk_SA_CIM that the data models come with below the app's own."""
        path = str(self.folder / "default" / "macros.conf")
        stanzas = macros.BUILT_IN | self._conf("macros")
        found = {name: macros.from_stanza(name, stanza, path) for name, stanza in stanzas.items() if name != "default"}
        for assignment in self.overrides:
            found = macros.override(found, assignment)
        return found

    @cached_property
    def saved_searches(self) -> dict[str, SavedSearchStanza]:
        """The saved searches by name."""
        return {
            name: SavedSearchStanza(name, stanza["search"], _true(stanza.get("disabled", "0")))
            for name, stanza in self._conf("savedsearches").items()
            if "search" in stanza
        }

    @cached_property
    def commands(self) -> dict[str, Path]:
        """The scripts of the app's own commands, by name; only the chunked protocol is spoken."""
        return {
            name: self.folder / "bin" / stanza["filename"]
            for name, stanza in self._conf("commands").items()
            if "filename" in stanza and _true(stanza.get("chunked", "0"))
        }

    def saved_search(self, name: str) -> SavedSearchStanza:
        """Return a saved search; UsageError names those that there are."""
        if name not in self.saved_searches:
            known = "\n  ".join(self.saved_searches)
            raise UsageError(f"the app has no saved search {name!r}; it has:\n  {known}")
        return self.saved_searches[name]

    def lookup(self, name: str) -> LookupTable:
        """Return a lookup by its transforms.conf stanza, or by its file name.

        Raises:
            UsageError: If there is none.
            DataError: If its file is missing or ragged.
        """
        stanza = self._conf("transforms").get(name)
        if stanza is None and not name.endswith(".csv"):
            known = [key for key, value in self._conf("transforms").items() if "filename" in value]
            raise UsageError(f"the app has no lookup {name!r}; it has: {' '.join(known)}")
        settings = stanza or {}
        filename = settings.get("filename", name)
        if Path(filename).name != filename:
            raise DataError(f"a lookup's file must be in lookups/, but {name!r} names {filename!r}")
        fields, rows = read_csv(self.folder / "lookups" / filename)
        matches = settings.get("match_type", "")
        return LookupTable(
            name,
            fields,
            rows,
            _true(settings.get("case_sensitive_match", "true")),
            int(settings.get("max_matches", "1000")),
            settings.get("default_match") if int(settings.get("min_matches", "0")) else None,
            {
                field.strip(" )"): way.strip().upper()
                for way, _, field in (part.partition("(") for part in matches.split(",") if part.strip())
            },
        )

    def expand(self, text: str) -> str:
        """Return a search text with its macros expanded."""
        if len(text) > limits.MAX_SEARCH_CHARACTERS:
            raise UsageError(f"the search has {len(text):,} characters; replay reads {limits.MAX_SEARCH_CHARACTERS:,}")
        # What a terminal hands over as no UTF-8 arrives as lone surrogates, which no database takes.
        return macros.expand(text.encode("utf-8", "replace").decode(), self.macros)

    def parse(self, text: str) -> Pipeline:
        """Return a search text, macros and all, as its commands."""
        return parse(self.expand(text), custom=frozenset(self.commands))

    def _conf(self, name: str) -> conf.Stanzas:
        layers = [self.folder / layer / f"{name}.conf" for layer in ("default", "local")]
        default, local = (conf.read(path).stanzas if path.is_file() else {} for path in layers)
        return conf.layer(default, local)


def _true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "t", "yes")
