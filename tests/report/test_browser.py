"""The page in a browser: it runs nothing and requests nothing, whatever the log holds.

Skipped if there is no Chromium. Each claim has a twin that shows that the test can see a breach.
"""

from __future__ import annotations

import html
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from splreplay.report import hunt
from tests.report.canary import canary
from tests.report.cases import PROCESS, detection, found, made
from tests.report.hostile import MARK, findings, payloads
from tests.report.pages import page
from tests.report.test_hunt import hostile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")]

# Policy and escaping are two walls; a twin takes one or both away.
POLICY = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')


def browse(folder: Path, text: str, *options: str, fragment: str = "") -> str:
    """Return what the browser makes of a page, as HTML."""
    (folder / "page.html").write_text(text, encoding="utf-8")
    quiet = ["--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync"]
    command = [
        *(str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"),
        *quiet,
        *("--virtual-time-budget=3000", "--dump-dom", *options, (folder / "page.html").as_uri() + fragment),
    ]
    done = subprocess.run(command, capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def ran(dom: str) -> bool:
    """Tell whether a script of the log has left its mark in the page."""
    return re.search(r"<html[^>]*data-ran", dom) is not None


def unescaped(text: str, url: str) -> str:
    """Return a page with the payloads one after another as markup, as if the template had forgotten to escape."""
    raw = "".join(payload for payload in payloads(url).values() if url in payload or MARK in payload)
    return text.replace("</main>", f"</main><script>{MARK}</script><img src='{url}image'>{raw}")


def test_hostile_log(tmp_path: Path) -> None:
    """A report on hostile findings runs nothing, and requests nothing."""
    with canary() as (url, asked):
        dom = browse(tmp_path, page(*findings(url), warnings=list(payloads(url).values())))
    assert (False, [], True) == (ran(dom), asked, html.escape("photo\\u202egnp.exe") in dom)


def test_hostile_hunt(tmp_path: Path) -> None:
    """Neither does a report on a hunt with hostile names, values, reasons and paths."""
    with canary() as (url, asked):
        dom = browse(tmp_path, hunt.html(made(*(one for value in payloads(url).values() for one in hostile(value)))))
    assert (False, [], True) == (ran(dom), asked, html.escape("photo\\u202egnp.exe") in dom)


@pytest.mark.parametrize(("expected", "place"), [([1, 2], 2), ([1], 1)], ids=["folded", "open already"])
def test_link_unfolds(tmp_path: Path, expected: list[int], place: int) -> None:
    """A link to a finding unfolds it."""
    text = hunt.html(made(*(found(detection(name), PROCESS) for name in "ab")))
    dom = browse(tmp_path, text, fragment=f"#finding-{place}")
    opened = re.findall(r'<details class="finding" open="">.*?id="finding-(\d+)"', dom, re.DOTALL)
    assert expected == [int(each) for each in opened]


def test_policy_alone(tmp_path: Path) -> None:
    """Even if the text were not escaped, the policy would let nothing run and nothing be requested.

    A page's policy does not govern where a frame or a refresh may lead the whole window, so `refresh` is left out.
    """
    with canary() as (url, asked):
        text = unescaped(page(*findings(url)), url).replace(payloads(url)["refresh"], "")
        dom = browse(tmp_path, text)
    assert (False, []) == (ran(dom), asked)


def test_without_walls(tmp_path: Path) -> None:
    """Without escaping and without policy the same text runs, and requests the address."""
    with canary() as (url, asked):
        text = POLICY.sub("", unescaped(page(*findings(url)), url)).replace(payloads(url)["refresh"], "")
        dom = browse(tmp_path, text)
    assert (True, True) == (ran(dom), {"/image", "/frame", "/link"} <= set(asked))
