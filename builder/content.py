"""Read all of package/: detections, stories and macros, and check that they fit together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any, TypeVar

from builder import detection as detections
from builder.detection import Detection, Label, Positive, Spl, Text, Url, Uuid
from builder.problem import BuildError
from splreplay.app import macros as replay_macros
from splreplay.problem import Problem
from splreplay.schema import Document, Refusals, decode, matching, some

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
    detection_files = _read(root, "detections/*.yml", Detection)
    story_files = _read(root, "stories/*.yml", Story)
    macro_files = _read(root, "macros.yml", tuple[Macro, ...])
    content = Content(
        _values(detection_files),
        _values(story_files),
        tuple(macro for group in _values(macro_files) for macro in group),
    )
    known = _known(content.macros) if all(file.value is not None for file in macro_files) else None
    seen: dict[str, str] = {}
    for detection in detection_files:
        detections.check(detection, root, known)
        detection.refuse_all(_used_before(detection, seen))
    for story in story_files:
        story.refuse_all(_without_detection(story.value, content))
    for file in macro_files:
        file.refuse_all(_bad_macros(content))
    files: list[Document[Any]] = [*detection_files, *story_files, *macro_files]
    if problems := [problem for file in files for problem in file.problems]:
        raise BuildError(*problems)
    return content


def _read(root: Path, pattern: str, kind: type[T]) -> list[Document[T]]:
    documents = []
    for path in sorted((root / "package").glob(pattern)):
        name = path.relative_to(root).as_posix()
        try:
            documents.append(decode(path.read_text(encoding="utf-8"), name, kind))
        except UnicodeDecodeError as error:
            problem = Problem(name, 0, f"not UTF-8 at byte {error.start}", "save it as UTF-8")
            documents.append(Document(name, problems=[problem]))
    return documents


def _values(documents: Iterable[Document[T]]) -> tuple[T, ...]:
    return tuple(document.value for document in documents if document.value is not None)


def _known(macros: Iterable[Macro]) -> dict[str, replay_macros.Macro]:
    """Return the macros as replay expands them, including those of Splunk_SA_CIM."""
    ours = {
        macro.stanza: {"definition": detections.one_line(macro.definition), "args": ",".join(macro.arguments)}
        for macro in macros
    }
    stanzas = replay_macros.BUILT_IN | ours
    return {name: replay_macros.from_stanza(name, stanza, "package") for name, stanza in stanzas.items()}


def _used_before(document: Document[Detection], seen: dict[str, str]) -> Refusals:
    """Refuse a filter macro (a name, in any case) or an id that is in *seen*, with its file."""
    if document.value:
        for key, value in (("name", document.value.filter_macro), ("id", document.value.id)):
            if other := seen.get(value):
                yield (key,), f"{key} is also that of {other}", "give each detection its own"
            seen[value] = document.path


def _without_detection(story: Story | None, content: Content) -> Refusals:
    if story and not any(story.name in detection.tags.analytic_story for detection in content.detections):
        remedy = "name it under tags.analytic_story of a detection, or remove the story"
        yield ("name",), f"no detection belongs to the story {story.name!r}", remedy


def _bad_macros(content: Content) -> Refusals:
    seen = {detection.filter_macro for detection in content.detections}
    for index, macro in enumerate(content.macros):
        if macro.stanza in seen:
            yield (index,), f"macro {macro.stanza} is defined twice", "keep one of them"
        seen.add(macro.stanza)
        used = set(re.findall(r"\$(\w+)\$", macro.definition))
        for name in sorted(used.symmetric_difference(macro.arguments)):
            what = "used but not declared" if name in used else "declared but not used"
            claim = f"argument {name} of macro {macro.stanza} is {what}"
            yield (index, "definition"), claim, "make arguments and definition agree"
