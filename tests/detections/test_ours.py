"""The tests in the detections that ship, as `python -m splreplay test package/detections` runs them."""

from __future__ import annotations

import argparse
import sys

import pytest

from splreplay.app import App
from splreplay.detections import cases, source
from splreplay.detections.cases import Case
from splreplay.detections.test import run_case
from tests.conftest import REPO

APP = App(REPO)
OPTIONS = argparse.Namespace(python=sys.executable, no_commands=False, geoip=None, k="", addon=None, attack_data=None)
CASES = [case for one in source.find([REPO / "package/detections"]).detections for case in cases.read(one)]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.detection.name}: {case.name}")
def test_case(case: Case) -> None:
    """The search of a detection finds what its own tests expect, on each of their add-ons."""
    outcomes = list(run_case(case, APP, OPTIONS))
    assert ["passed"] * len(case.addons) == [outcome.kind for outcome in outcomes], outcomes


def test_near_misses() -> None:
    """Every detection that ships has a test in which it must find something, and one in which it must not."""
    negative = {(case.detection.name, case.count == 0) for case in CASES}
    assert {(case.detection.name, kind) for case in CASES for kind in (True, False)} == negative
