"""All of package/: detections, stories and macros, read and held against each other."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, TypeVar

from builder import detection as detections
from builder.detection import Detection, Label, Positive, Spl, Text, Url, Uuid
from builder.document import Document, decode, matching, some
from builder.problem import BuildError, Problem

T = TypeVar("T")


@dataclass(frozen=True)
class Macro:
    """A search macro; its description becomes the reason that stands in macros.conf."""

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
    """How Enterprise Security lists the story."""

    category: Annotated[tuple[Label, ...], some()]


@dataclass(frozen=True)
class Story:
    """An analytic story: what the detections that name it are about."""

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

    def read(pattern: str, kind: type[T], check: Callable[[Document[T]], None]) -> Iterator[T]:
        for path in sorted((root / "package").glob(pattern)):
            name = path.relative_to(root).as_posix()
            try:
                document = decode(path.read_text(encoding="utf-8"), name, kind)
            except UnicodeDecodeError as error:
                problems.append(Problem(name, 0, f"not UTF-8 at byte {error.start}", "save it as UTF-8"))
                continue
            check(document)
            problems.extend(document.problems)
            if document.value is not None:
                yield document.value

    seen: dict[str, str] = {}
    found = tuple(read("detections/*.yml", Detection, lambda document: _check_detection(document, seen, root)))
    stories = tuple(read("stories/*.yml", Story, lambda document: _check_story(document, found)))
    macros = tuple(read("macros.yml", tuple[Macro, ...], lambda document: _check_macros(document, found)))
    if problems:
        raise BuildError(problems)
    return Content(found, stories, tuple(macro for group in macros for macro in group))


def _check_detection(document: Document[Detection], seen: dict[str, str], root: Path) -> None:
    """Refuse also a filter macro (so a name, in any case) or id that is *seen* already; its value is the file."""
    detections.check(document, root)
    if document.value:
        for key, value in (("name", document.value.filter_macro), ("id", document.value.id)):
            if other := seen.get(value):
                document.refuse((key,), f"{key} is also that of {other}", "give each detection its own")
            seen[value] = document.path


def _check_story(document: Document[Story], found: tuple[Detection, ...]) -> None:
    story = document.value
    if story and not any(story.name in detection.tags.analytic_story for detection in found):
        document.refuse(
            ("name",),
            f"no detection belongs to the story {story.name!r}",
            "name it under tags.analytic_story of a detection, or remove the story",
        )


def _check_macros(document: Document[tuple[Macro, ...]], found: tuple[Detection, ...]) -> None:
    seen = {detection.filter_macro for detection in found}
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
