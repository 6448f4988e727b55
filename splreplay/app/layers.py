"""The folder of one app: its conf files, local/ over default/, and which of its objects other apps see.

A checkout of security_content is read as the app that is built from it: where it has a default/ too, that wins over its
macros/*.yml and lookups/*.yml.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from urllib.parse import quote

from splreplay import conf, limits
from splreplay.confine import confined

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
        default, local = (_read(self.path, f"{layer}/{name}.conf") for layer in ("default", "local"))
        return conf.layer(conf.layer(_built(self.path, name), default), local)

    def exports(self, kind: str, name: str) -> bool:
        """Return whether other apps see an object: `export = system` in the most specific stanza of metadata/ that sets it.

        A folder without metadata/ is not an installed app, and others see all of it.

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
        default, local = (_read(self.path, f"metadata/{layer}.meta") for layer in ("default", "local"))
        return conf.layer(default, local)


def _read(folder: Path, name: str) -> conf.Stanzas:
    path = folder / name
    return conf.read(confined(path, folder, limits.MAX_CONF_BYTES)).stanzas if os.path.lexists(path) else {}


def _built(folder: Path, name: str) -> conf.Stanzas:
    """Return the stanzas that a checkout of security_content is built into."""
    kind = {"macros": "macros", "transforms": "lookups"}.get(name)
    if kind is None or not any((folder / kind).glob("*.yml")):
        return {}
    from splreplay.app import checkout  # importing PyYAML takes a while, and few apps are such checkouts

    return checkout.macros(folder) if name == "macros" else checkout.transforms(folder)
