"""A checkout of security_content, read as the app that is built from it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from splreplay import conf, limits
from splreplay.confine import confined
from splreplay.located import Node, Text, read_yaml


def macros(folder: Path) -> conf.Stanzas:
    """Return the macros of a checkout as macros.conf has them."""
    stanzas: conf.Stanzas = {}
    for _, keys in _files(folder, "macros"):
        arguments = keys.get("arguments")
        names = [name.value for name in arguments if isinstance(name, Text)] if isinstance(arguments, list) else []
        name = _text(keys, "name") + (f"({len(names)})" if names else "")
        stanzas[name] = {"definition": _text(keys, "definition"), "args": ",".join(names)}
    return stanzas


def transforms(folder: Path) -> conf.Stanzas:
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


def _files(folder: Path, kind: str) -> list[tuple[Path, Mapping[str, Node]]]:
    paths = sorted((folder / kind).glob("*.yml"))
    return [(path, read_yaml(confined(path, folder, limits.MAX_YAML_BYTES))) for path in paths]


def _text(keys: Mapping[str, Node], key: str) -> str:
    value = keys.get(key)
    return value.value.strip() if isinstance(value, Text) else ""
