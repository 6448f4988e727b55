"""The shape of app.manifest: those keys of schema version 2.0.0 that this app needs.

Source: splunk-packaging-toolkit 1.2.8, slim/app/_manifest.py. Its lists of Splunk and CIM versions end in
2017, so the manifest names no platformRequirements and no commonInformationModels. Nor does it name dependencies: one
that is not uploaded with the app makes slim/app/_deployment.py report STATUS_ERROR_MISSING_DEPENDENCIES, and packs that
contentctl builds have none (splunk/contentctl@15db4a2 contentctl/output/templates/app.manifest.j2). That the app needs
Splunk_SA_CIM stands in docs/admin.md.
"""

# ruff: noqa: N815  the schema's names

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from splreplay.schema import matching, one_of

Version = Annotated[str, matching(r"\d+\.\d+\.\d+", "a version such as 1.2.0")]
Deployment = Annotated[str, one_of("*", "_standalone", "_distributed", "_search_head_clustering")]
Workload = Annotated[str, one_of("*", "_search_heads", "_indexers", "_forwarders")]


@dataclass(frozen=True)
class Id:
    """Which app, which version of it."""

    group: str | None
    name: str
    version: Version


@dataclass(frozen=True)
class Author:
    """One author."""

    name: str


@dataclass(frozen=True)
class License:
    """The licence: its name, its file in the package, its address."""

    name: str
    text: str
    uri: str


@dataclass(frozen=True)
class Info:
    """What the app is."""

    title: str
    id: Id
    author: tuple[Author, ...]
    description: str
    license: License


@dataclass(frozen=True)
class Manifest:
    """app.manifest, all of it."""

    schemaVersion: Annotated[str, one_of("2.0.0")]
    info: Info
    supportedDeployments: tuple[Deployment, ...]
    targetWorkloads: tuple[Workload, ...]
