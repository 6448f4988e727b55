"""One folder that is an app: its conf files, local/ over default/, and what of it other apps see.

A checkout of security_content counts as the app that is built from it: its macros/*.yml and lookups/*.yml lie below
default/, where there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from splreplay import conf
from splreplay.located import Node, Text, read_yaml

_APP_FOLDERS = ("default", "local", "lookups", "macros")


@dataclass
class AppFolder:
    """The app in the folder *path*."""

    path: Path

    @property
    def is_app(self) -> bool:
        """Whether the folder holds any of what an app consists of."""
        return any((self.path / name).is_dir() for name in _APP_FOLDERS)

    def stanzas(self, name: str) -> conf.Stanzas:
        """Return the stanzas of a conf file, by its name without .conf."""
        built = _BUILT[name](self.path) if name in _BUILT else {}
        default, local = (_read(self.path / layer / f"{name}.conf") for layer in ("default", "local"))
        return conf.layer(conf.layer(built, default), local)

    def exports(self, kind: str, name: str) -> bool:
        """Return whether other apps see an object: `export = system` in metadata/, the most specific stanza first.

        A folder without metadata/ is no installed app, and all of it is seen.

        Source: default.meta.conf.spec.
        """
        if not (self.path / "metadata").is_dir():
            return True
        for stanza in (f"{kind}/{quote(name, safe='')}", f"{kind}/{name}", kind, ""):
            export = self._metadata.get(stanza, {}).get("export")
            if export is not None:
                return export == "system"
        return False

    @cached_property
    def _metadata(self) -> conf.Stanzas:
        default, local = (_read(self.path / "metadata" / f"{layer}.meta") for layer in ("default", "local"))
        return conf.layer(default, local)


def _read(path: Path) -> conf.Stanzas:
    return conf.read(path).stanzas if path.is_file() else {}


def _macros(folder: Path) -> conf.Stanzas:
    """Return the macros of a checkout as macros.conf has them."""
    stanzas: conf.Stanzas = {}
    for _, keys in _files(folder, "macros"):
        arguments = keys.get("arguments")
        names = [name.value for name in arguments if isinstance(name, Text)] if isinstance(arguments, list) else []
        name = _text(keys, "name") + (f"({len(names)})" if names else "")
        stanzas[name] = {"definition": _text(keys, "definition"), "args": ",".join(names)}
    return stanzas


def _transforms(folder: Path) -> conf.Stanzas:
    """Return the lookups of a checkout as transforms.conf has them; a CSV file stands beside its YAML."""
    stanzas: conf.Stanzas = {}
    for path, keys in _files(folder, "lookups"):
        settings = {key: value.value for key, value in keys.items() if isinstance(value, Text)}
        # contentctl@5.6.2 writes false where the YAML says nothing.
        settings = {"case_sensitive_match": "false"} | settings
        ways = keys.get("match_type")
        if isinstance(ways, list):
            settings["match_type"] = ",".join(way.value for way in ways if isinstance(way, Text))
        if "filename" not in settings and path.with_suffix(".csv").is_file():
            settings["filename"] = path.with_suffix(".csv").name
        stanzas[_text(keys, "name")] = settings
    return stanzas


_BUILT: Mapping[str, Callable[[Path], conf.Stanzas]] = {"macros": _macros, "transforms": _transforms}


def _files(folder: Path, kind: str) -> list[tuple[Path, Mapping[str, Node]]]:
    return [(path, read_yaml(path)) for path in sorted((folder / kind).glob("*.yml"))]


def _text(keys: Mapping[str, Node], key: str) -> str:
    value = keys.get(key)
    return value.value.strip() if isinstance(value, Text) else ""
