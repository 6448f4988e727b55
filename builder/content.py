"""Read all of package/: detections, stories and macros, and check that they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

from builder import detection as detections
from builder.detection import Detection, Label, Positive, Spl, Text, Url, Uuid
from builder.problem import BuildError
from splreplay.app import macros as replay_macros
from splreplay.problem import Problem
from splreplay.schema import Document, decode, matching, some

T = TypeVar("T")


@dataclass(frozen=True)
class Macro:
    """A search macro; Splunk shows its description beside it."""

    name: Annotated[str, matching(r"\w+", "a macro name of letters, digits and _")]
    definition: Spl
    description: Text
    arguments: tuple[Annotated[str, matching(r"\w+", "an argument name")], ...] = ()

    @property
    def stanza(self) -> str:
        """The macro's name in macros.conf: with its number of arguments, if it has any."""
        return f"{self.name}({len(self.arguments)})" if self.arguments else self.name


@dataclass(frozen=True)
class StoryTags:
    """The categories in which Enterprise Security lists the story."""

    category: Annotated[tuple[Label, ...], some()]


@dataclass(frozen=True)
class Story:
    """An analytic story, which detections name."""

    name: Label
    id: Uuid
    version: Positive
    date: date
    author: Label
    description: Text
    narrative: Text
    references: tuple[Url, ...]
    tags: StoryTags


@dataclass(frozen=True)
class Content:
    """What the app detects and how: the one source of every rendered file."""

    detections: tuple[Detection, ...]
    stories: tuple[Story, ...]
    macros: tuple[Macro, ...]


def load(root: Path) -> Content:
    """Return the content of the repository at *root*; BuildError carries every problem of every file."""
    problems: list[Problem] = []

    def read(pattern: str, kind: type[T]) -> list[Document[T]]:
        documents = []
        for path in sorted((root / "package").glob(pattern)):
            name = path.relative_to(root).as_posix()
            try:
                documents.append(decode(path.read_text(encoding="utf-8"), name, kind))
            except UnicodeDecodeError as error:
                problems.append(Problem(name, 0, f"not UTF-8 at byte {error.start}", "save it as UTF-8"))
        return documents

    def values(documents: list[Document[T]]) -> tuple[T, ...]:
        return tuple(document.value for document in documents if document.value is not None)

    detection_files = read("detections/*.yml", Detection)
    story_files = read("stories/*.yml", Story)
    macro_files = read("macros.yml", tuple[Macro, ...])
    detections_read = values(detection_files)
    macros = tuple(macro for group in values(macro_files) for macro in group)
    known = _macros(macros) if len(values(macro_files)) == len(macro_files) else None
    seen: dict[str, str] = {}
    for detection in detection_files:
        _check_detection(detection, seen, root, known)
    for story in story_files:
        _check_story(story, detections_read)
    for file in macro_files:
        _check_macros(file, detections_read)
    problems += [
        problem
        for documents in (detection_files, story_files, macro_files)
        for document in documents
        for problem in document.problems
    ]
    if problems:
        raise BuildError(*problems)
    return Content(detections_read, values(story_files), macros)


def _macros(macros: Iterable[Macro]) -> dict[str, replay_macros.Macro]:
    """Return the macros as replay expands them, including those of Splunk_SA_CIM."""
    by_name = {
        name: replay_macros.from_stanza(name, stanza, "Splunk_SA_CIM")
        for name, stanza in replay_macros.BUILT_IN.items()
    }
    for macro in macros:
        by_name[macro.stanza] = replay_macros.Macro(
            macro.stanza, detections.one_line(macro.definition), macro.arguments
        )
    return by_name


def _check_detection(
    document: Document[Detection],
    seen: dict[str, str],
    root: Path,
    known: Mapping[str, replay_macros.Macro] | None,
) -> None:
    """Check a detection; also refuse a filter macro (a name, in any case) or an id that is in *seen*, with its file."""
    detections.check(document, root, known)
    if document.value:
        for key, value in (("name", document.value.filter_macro), ("id", document.value.id)):
            if other := seen.get(value):
                document.refuse((key,), f"{key} is also that of {other}", "give each detection its own")
            seen[value] = document.path


def _check_story(document: Document[Story], known: tuple[Detection, ...]) -> None:
    story = document.value
    if story and not any(story.name in detection.tags.analytic_story for detection in known):
        document.refuse(
            ("name",),
            f"no detection belongs to the story {story.name!r}",
            "name it under tags.analytic_story of a detection, or remove the story",
        )


def _check_macros(document: Document[tuple[Macro, ...]], known: tuple[Detection, ...]) -> None:
    seen = {detection.filter_macro for detection in known}
    for index, macro in enumerate(document.value or ()):
        if macro.stanza in seen:
            document.refuse((index,), f"macro {macro.stanza} is defined twice", "keep one of them")
        seen.add(macro.stanza)
        used = set(re.findall(r"\$(\w+)\$", macro.definition))
        for name in sorted(used.symmetric_difference(macro.arguments)):
            document.refuse(
                (index, "definition"),
                f"argument {name} of macro {macro.stanza} is "
                + ("used but not declared" if name in used else "declared but not used"),
                "make arguments and definition agree",
            )
