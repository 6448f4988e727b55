"""A Splunk app: its macros, saved searches, lookups and commands, and those that other apps export."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from splreplay import conf, limits
from splreplay.app import macros
from splreplay.app.layers import AppFolder
from splreplay.app.lookups import LookupTable, read_csv
from splreplay.app.macros import Expansion, Macro
from splreplay.confine import confined
from splreplay.errors import DataError, UnsupportedError, UsageError, there_is


@dataclass(frozen=True)
class SavedSearchStanza:
    """A saved search: its text as stored, whether it is disabled, and whether a schedule runs it."""

    name: str
    search: str
    disabled: bool
    scheduled: bool


@dataclass
class App:
    """The app in *folder*, in which the searches run.

    Args:
        folder: The app.
        overrides: Macros replaced or added for this run, `NAME=DEFINITION`.
        others: Other apps. The app's own settings win over what these export; of two others, the one whose name sorts last
            wins (Splunk Admin Manual, "Configuration file precedence", app or user context).
        defaults: Definitions of macros without arguments, for macros that no folder has.
    """

    folder: Path
    overrides: Sequence[str] = ()
    others: Sequence[Path] = ()
    defaults: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def macros(self) -> dict[str, Macro]:
        """The macros by name and arity. The apps' macros win over those of Splunk_SA_CIM and security_content."""
        defaults = {name: {"definition": definition} for name, definition in self.defaults.items()}
        stanzas = macros.STANDARD | macros.BUILT_IN | defaults | self._conf("macros")
        by_name = {name: macros.from_stanza(name, stanza, "macros.conf") for name, stanza in stanzas.items()}
        for assignment in self.overrides:
            by_name = macros.override(by_name, assignment)
        return by_name

    @cached_property
    def saved_searches(self) -> dict[str, SavedSearchStanza]:
        """The saved searches by name."""
        return {
            name: SavedSearchStanza(
                name, stanza["search"], *(_true(stanza.get(key, "0")) for key in ("disabled", "enableSched"))
            )
            for name, stanza in self._conf("savedsearches").items()
            if "search" in stanza
        }

    @cached_property
    def commands(self) -> dict[str, Path]:
        """The scripts of the apps' own commands, by name; only commands of the chunked protocol are run."""
        return {
            name: folder.path / "bin" / stanza["filename"]
            for folder in self._folders
            for name, stanza in self._visible(folder, "commands").items()
            if "filename" in stanza and _true(stanza.get("chunked", "0"))
        }

    def script(self, command: str) -> Path:
        """Return the script of a command; DataError unless it is a file in bin/ of the app that declares the command."""
        path = self.commands[command]
        if path.parent not in [folder.path / "bin" for folder in self._folders]:
            raise DataError(f"the script of the command {command!r} must be a file in bin/, but it is {path}")
        return confined(path, path.parent.parent, limits.MAX_SCRIPT_BYTES)

    @property
    def scheduled(self) -> SavedSearchStanza:
        """The first saved search that the app has on a schedule; UsageError where there is none."""
        for saved in self.saved_searches.values():
            if saved.scheduled:
                return saved
        raise UsageError("the app has no search on a schedule", "name one with --search, or write one with --spl")

    def saved_search(self, name: str) -> SavedSearchStanza:
        """Return a saved search; UsageError names those that there are."""
        if name not in self.saved_searches:
            listed = "\n".join(f"  {known}" for known in self.saved_searches)
            raise UsageError(f"the app has no saved search {name!r}; it has{':' if listed else ' none'}", listed)
        return self.saved_searches[name]

    def lookup(self, name: str, written: Path | None = None) -> LookupTable:
        """Return a lookup by its transforms.conf stanza, or by its file name; that in the folder *written* goes before the app's.

        Raises:
            UsageError: If there is none.
            UnsupportedError: If it is no CSV file.
            DataError: If its file is missing or ragged, or a setting means nothing.
        """
        settings = self.lookup_settings(name)
        fields, rows = read_csv(self._lookup_file(name, settings["filename"], written))
        matches = settings.get("match_type", "")
        return LookupTable(
            name,
            fields,
            rows,
            _true(settings.get("case_sensitive_match", "true")),
            _count(name, settings, "max_matches", "1000"),
            settings.get("default_match") if _count(name, settings, "min_matches", "0") else None,
            {
                field.strip(" )"): way.strip().upper()
                for way, _, field in (part.partition("(") for part in matches.split(",") if part.strip())
            },
        )

    def lookup_settings(self, name: str) -> Mapping[str, str]:
        """Return the settings of a lookup, of which `filename` is one.

        Raises:
            UsageError: If there is none of this name.
            UnsupportedError: If it is no CSV file.
        """
        stanza = self._transforms.get(name)
        if stanza is None and not name.endswith(".csv"):
            known = [key for key, value in self._transforms.items() if "filename" in value]
            raise UsageError(f"the app has no lookup {name!r}; {there_is('it', name, known)}")
        settings = stanza if stanza is not None else {"filename": name}
        if "filename" not in settings:
            raise UnsupportedError(f"lookup {name!r} is no CSV file, and replay reads no other lookups")
        return settings

    def expansion(self, text: str) -> Expansion:
        """Return a search text with its macros expanded, and the origin of each part of it."""
        if len(text) > limits.MAX_SEARCH_CHARACTERS:
            raise UsageError(f"the search has {len(text):,} characters; replay reads {limits.MAX_SEARCH_CHARACTERS:,}")
        # Arguments that are not UTF-8 arrive as lone surrogates, which no database accepts.
        return macros.expansion(text.encode("utf-8", "replace").decode(), self.macros)

    def expand(self, text: str) -> str:
        """Return a search text with its macros expanded."""
        return self.expansion(text).text

    @property
    def _folders(self) -> list[AppFolder]:
        """The folders, the one that wins last."""
        return [AppFolder(path) for path in (*sorted(self.others, key=lambda path: path.resolve().name), self.folder)]

    @cached_property
    def _transforms(self) -> conf.Stanzas:
        return self._conf("transforms")

    def _conf(self, name: str) -> conf.Stanzas:
        """Return the stanzas of all folders; a stanza takes the settings that it lacks from `[default]`."""
        stanzas: conf.Stanzas = {}
        for folder in self._folders:
            stanzas = conf.layer(stanzas, self._visible(folder, name))
        common = stanzas.pop("default", {})
        return {name: common | stanza for name, stanza in stanzas.items()}

    def _visible(self, folder: AppFolder, name: str) -> conf.Stanzas:
        own = folder.path == self.folder
        return {key: value for key, value in folder.stanzas(name).items() if own or folder.exports(name, key)}

    def _lookup_file(self, name: str, filename: str, written: Path | None) -> Path:
        """Return the file of a lookup: that in the folder *written*, the app's own, or else that of another app that exports it."""
        if Path(filename).name != filename:
            raise DataError(f"a lookup's file must be in lookups/, but {name!r} names {filename!r}")
        if written is not None and os.path.lexists(written / filename):
            return confined(written / filename, written, limits.MAX_LOOKUP_BYTES)
        for folder in reversed(self._folders):
            path = folder.path / "lookups" / filename
            if os.path.lexists(path) and (folder.path == self.folder or folder.exports("lookups", filename)):
                return confined(path, folder.path, limits.MAX_LOOKUP_BYTES)
        return self.folder / "lookups" / filename


def _count(name: str, settings: Mapping[str, str], key: str, default: str) -> int:
    value = settings.get(key, default)
    if not value.isdecimal():
        raise DataError(f"{key} of lookup {name!r} is {value!r}; write a whole number")
    return int(value)


def _true(text: str) -> bool:
    return text.strip().lower() in ("1", "true", "t", "yes")
