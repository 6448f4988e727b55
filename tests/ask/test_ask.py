"""`ask`: the real splunklib against a server on loopback that answers by running replay, and fails as it is told."""

from __future__ import annotations

import io
import json
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from builder import APP
from splreplay import interrupt
from splreplay.app import App
from splreplay.ask import app as of_the_app
from splreplay.ask import asking, client, language, questions
from splreplay.ask.answer import Answer
from splreplay.ask.site import APPS, MODELS, OURS, ZONE, Site
from tests.ask.conftest import Asking, Said
from tests.ask.server import CERTIFICATE, CONTENTS, NAME, PASSWORD, SLOW, TOKEN, USER
from tests.conftest import REPO

BY_ID = {question.id: question for question in questions.load()}
FORMAT = BY_ID["format-without-values"]  # the fourth that is asked, and the first whose rows are compared


ALL_OF_IT = Site(dict.fromkeys(APPS, "1.0"), dict.fromkeys(MODELS, True), utc=True)
FIRST = {name: {"verdict": "runs"} for name in ("tstats-subsearch", "tstats-lacking-values", "tstats-lacking-by")}
AGREES = FIRST | {"format-without-values": {"verdict": "agrees"}}


def test_agrees(ask: Asking) -> None:
    """What both find is compared; of a search over the site's data it is kept that it runs, over an hour."""
    assert (0, AGREES) == (ask().status, ask.found())
    assert ["-60m", "-60m", "-60m", "0"] == [search["earliest_time"] for search in ask.fake.searches]


def test_summary(ask: Asking) -> None:
    """The command says how many answers there are of each kind, what is left, and that somebody should read them."""
    said = ask()
    assert ["     1 Splunk finds what replay finds", "     3 Splunk runs it, or has it"] == [
        line for line in said.out.splitlines() if line[5] not in "0e"
    ]
    assert "written: " in said.out
    assert "are left: run the same command again: it goes on where it stopped" in said.err


def test_user(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a token, the user of the environment logs in with the password."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    monkeypatch.setenv("SPLUNK_USER", USER)
    monkeypatch.setenv("SPLUNK_PASSWORD", PASSWORD)
    assert (0, AGREES) == (ask().status, ask.found())


def test_nobody(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the environment names nobody and nobody can type, the command says what to set, and sends nothing."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    expected = "nobody says who asks\nset SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD, in the environment\n"
    assert (Said(2, "", expected), []) == (ask(), ask.fake.requests)


def test_typed_in(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a terminal, user and password are asked for; the password is not shown."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    typed = io.StringIO(f"{USER}\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)
    monkeypatch.setattr("getpass.getpass", lambda prompt: PASSWORD)
    said = ask(at_most=1)
    assert (0, "user (or nothing, for a token): ", False) == (
        said.status,
        said.err[:32],
        PASSWORD in said.err + said.out,
    )


def test_token_typed_in(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who names no user is asked for a token, which is not shown."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    typed = io.StringIO("\n")
    monkeypatch.setattr(typed, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", typed)
    monkeypatch.setattr("getpass.getpass", lambda prompt: {"token: ": TOKEN}[prompt])
    said = ask(at_most=1)
    assert (0, {"tstats-subsearch": {"verdict": "runs"}}, False) == (
        said.status,
        ask.found(),
        TOKEN in said.err + said.out,
    )


def test_interrupted(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who breaks it off is told that the same command goes on; what was answered is kept."""
    real, asked = client.Splunk.search, []

    def search(self: client.Splunk, text: str, *more: str) -> Any:
        asked.append(text)
        if len(asked) > 3:  # the first looks at the time zone
            raise KeyboardInterrupt
        return real(self, text, *more)

    monkeypatch.setattr(client.Splunk, "search", search)
    monkeypatch.setattr(interrupt, "asked", lambda: len(asked) > 3)
    said = ask()
    assert (130, ["tstats-subsearch", "tstats-lacking-values"]) == (said.status, [*ask.found()])
    assert f"{ask.file} has what was answered: run the same command again: it goes on where it stopped\n" in said.err


def test_no_sdk(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without splunk-sdk, the command says how to get it."""
    monkeypatch.setitem(sys.modules, "splunklib.client", None)
    expected = "ask needs splunk-sdk, which is not installed\n"
    expected += "pip install 'splreplay[ask]', or in a checkout: python build.py vendor\n"
    assert Said(2, "", expected) == ask()


def test_differs(ask: Asking) -> None:
    """Where Splunk finds something else, both are shown, in the file and on the page."""
    ask.fake.rows[FORMAT.search] = [{"search": "NOT ()"}]
    ask()
    differs = {"search": FORMAT.search, "splunk": [{"search": "NOT ()"}], "replay": [{"search": "none"}]}
    assert {"verdict": "differs"} | differs == ask.found()["format-without-values"]
    page = ask.file.with_suffix(".md").read_text(encoding="utf-8")
    assert '\nSplunk:\n\n    [{"search": "NOT ()"}]\n\nReplay:\n\n    [{"search": "none"}]\n' in page


@pytest.mark.parametrize("runtime", [False, True])
def test_refused(ask: Asking, runtime: bool) -> None:
    """What Splunk says where it does not run a search is kept, at once or after it started; the others are asked."""
    ask.fake.refuses[BY_ID["tstats-lacking-values"].search] = "Error in 'TsidxStats': no such field"
    ask.fake.runtime = runtime
    ask()
    assert ["runs", "refused", "runs", "agrees"] == [record["verdict"] for record in ask.found().values()]
    assert "Error in 'TsidxStats': no such field" == ask.found()["tstats-lacking-values"]["message"]


def test_slow(ask: Asking) -> None:
    """A search without an answer in time is noted, and asked again the next time."""
    ask.fake.wait_s = 1.3
    ask("--timeout", "1", at_most=1)
    slow = ask.found()
    ask.fake.wait_s = 0
    ask(at_most=1)
    assert ({"tstats-subsearch": {"verdict": "slow"}}, {"tstats-subsearch": {"verdict": "runs"}}) == (slow, ask.found())


def test_busy(ask: Asking) -> None:
    """A Splunk that is busy is asked again."""
    ask.fake.statuses = [503, 429]
    assert (0, AGREES) == (ask().status, ask.found())


def test_stays_busy(ask: Asking) -> None:
    """A Splunk that stays busy is left alone."""
    ask.fake.statuses = [503] * 9
    said = ask()
    expected = (
        "Splunk is busy (status 429 or 503), and stays so\nrun the same command again: it goes on where it stopped\n"
    )
    assert (3, expected, 5) == (said.status, said.err, len(ask.fake.statuses))


def test_not_accepted(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """A token that is not accepted ends it, and is not shown."""
    monkeypatch.setenv("SPLUNK_TOKEN", "another.token")
    expected = "Splunk does not accept the token, or the user and password\n"
    expected += "look at SPLUNK_TOKEN, or SPLUNK_USER and SPLUNK_PASSWORD; a token may have expired\n"
    assert Said(2, "", expected) == ask()


def test_wrong_password(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """So does a password."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    monkeypatch.setenv("SPLUNK_USER", USER)
    monkeypatch.setenv("SPLUNK_PASSWORD", "wrong")
    assert (2, ["POST /services/auth/login"]) == (ask().status, ask.fake.requests)


def test_denied(ask: Asking) -> None:
    """A user who may not ask is told so."""
    ask.fake.statuses = [403] * 2  # who it is, and the apps
    expected = "Splunk does not list its apps for this user\n"
    expected += "ask as one who may search (role user), or give it more time with --timeout\n"
    assert Said(2, "", expected) == ask()


def test_denied_once(ask: Asking) -> None:
    """One thing that the user may not ask is refused; the others are asked."""
    ask.fake.denies = BY_ID["tstats-lacking-values"].search
    assert (0, ["runs", "refused", "runs", "agrees"]) == (
        ask().status,
        [record["verdict"] for record in ask.found().values()],
    )
    assert "this user may not ask that (status 403)" == ask.found()["tstats-lacking-values"]["message"]


def test_may_not_search(ask: Asking) -> None:
    """A user who may not search is told so, and asks nothing."""
    ask.fake.denies = ZONE
    said = ask()
    assert (2, []) == (said.status, ask.fake.searches)
    assert said.err.startswith("Splunk does not run the simplest search for this user\n")


@pytest.mark.parametrize("version", ["none", "", "9.x"])
def test_no_splunk(ask: Asking, version: str) -> None:
    """What answers, and is no Splunk, is an error of one line and a remedy."""
    ask.fake.version = version
    expected = "what answers is no Splunk\nlook whether this is its management port, and no proxy answers for it\n"
    assert Said(3, "", expected) == ask()


def test_no_results(ask: Asking) -> None:
    """So is an answer without results; an empty one is a refusal, as Splunk's export is seen to give."""
    ask.fake.rows[BY_ID["tstats-subsearch"].search] = None
    ask.fake.rows[BY_ID["tstats-lacking-values"].search] = 7
    said = ask()
    expected = {
        "tstats-subsearch": {
            "verdict": "refused",
            "search": BY_ID["tstats-subsearch"].search,
            "message": "the answer is empty",
        }
    }
    assert (3, expected) == (said.status, ask.found())
    assert "\nwhat answers is no Splunk\n" in said.err


def test_goes_on(ask: Asking) -> None:
    """What was answered before the connection broke is kept, and not asked again."""
    ask.fake.breaks_after = 3
    broken = ask()
    kept = ask.found()
    ask.fake.breaks_after = 1_000
    asked = len(ask.fake.searches)
    assert (3, FIRST) == (broken.status, kept)
    assert "\nthe connection to Splunk failed: it broke off\nrun the same command again" in broken.err
    assert (0, AGREES, 1) == (ask(at_most=1).status, ask.found(), len(ask.fake.searches) - asked)


def test_expires(ask: Asking) -> None:
    """A token that expires on the way ends it; what was answered before is kept."""
    ask(at_most=1)
    ask.fake.raw["/search/v2/jobs/"] = (
        401,
        b"<response><messages><msg>call not properly authenticated</msg></messages></response>",
    )
    said = ask()
    assert (2, {"tstats-subsearch": {"verdict": "runs"}}) == (said.status, ask.found())
    assert "a token may have expired\n" in said.err


def test_untrusted(ask: Asking) -> None:
    """A certificate of nobody we trust is refused before anything is sent."""
    said = ask(ca=None)
    assert (2, []) == (said.status, ask.fake.requests)
    assert "the certificate of Splunk is not trusted: self-signed certificate\n" in said.err


def test_another_name(ask: Asking) -> None:
    """So is one of another name than that of the address."""
    ask.fake.address = ask.fake.address.replace("127.0.0.1", "localhost")
    said = ask()
    assert (2, []) == (said.status, ask.fake.requests)
    assert "the certificate of Splunk is not trusted: Hostname mismatch" in said.err


def test_insecure(ask: Asking) -> None:
    """With --insecure it is taken, and the command says what that gives up."""
    said = ask("--insecure", ca=None)
    assert 0 == said.status
    assert said.err.startswith(
        "the certificate is not checked: whoever stands between can read the password or the token"
    )


def test_no_authority(ask: Asking, tmp_path: Path) -> None:
    """A --ca without a certificate is refused."""
    empty = tmp_path / "empty.pem"
    empty.touch()
    assert Said(2, "", f"{empty} holds no certificate\ngive a file of certificates in PEM\n") == ask(ca=empty)


@pytest.mark.parametrize(
    "address",
    ["http://h:8089", "h:8089", "https://u:p@h:8089", "https://h/en-US", "https://h:x", "https://", "https://[h"],
)
def test_address(ask: Asking, address: str) -> None:
    """The address is https, a host and a port, and holds no password."""
    ask.fake.address = address
    expected = "--splunk is no address\nwrite https://HOST:8089, without user and password\n"
    assert Said(2, "", expected) == ask()


def test_nobody_listens(ask: Asking) -> None:
    """An address where nobody listens is an error of one line and a remedy."""
    ask.fake.address = "https://127.0.0.1:1"
    expected = (
        "the connection to Splunk failed: Connection refused\nrun the same command again: it goes on where it stopped\n"
    )
    assert Said(3, "", expected) == ask()


def test_no_name_of_the_site(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither file holds the host, the server's name, the user, or what looks like another host, path or address."""
    monkeypatch.delenv("SPLUNK_TOKEN")
    monkeypatch.setenv("SPLUNK_USER", USER)
    monkeypatch.setenv("SPLUNK_PASSWORD", PASSWORD)
    hosts = f"[idx-9] {NAME}: {USER} at 127.0.0.1 and idx.site.example.com, 10.1.2.3, /opt/splunk/etc, fd00::7: refused"
    ask.fake.refuses[BY_ID["tstats-lacking-values"].search] = hosts
    ask.fake.rows[FORMAT.search] = [{"search": f"x {USER} {NAME}", "_si": [NAME, "_internal"]}]
    ask()
    written = ask.file.read_text(encoding="utf-8") + ask.file.with_suffix(".md").read_text(encoding="utf-8")
    private = (NAME, USER, PASSWORD, "127.0.0.1", "idx-9", "idx.site", "10.1.2.3", "/opt/", "fd00")
    assert [] == [word for word in private if word in written]
    assert "[…] […]: […] at […] and […], […], […], […] refused" == ask.found()["tstats-lacking-values"]["message"]


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Error in 'stats': All_Traffic.process_guid", "Error in 'stats': All_Traffic.process_guid"),
        ("at 12:30:45 on\nC:\\Program", "at […] on\\n[…]"),
        ("x" * 400, "x" * 300 + "…"),
        ("[subsearch]: [idx-9] Error in 'tstats'", "[…]: […] Error in 'tstats'"),
        ("Unable to reach peer named idx9 at uri=idx9:8089", "Unable to reach peer named […] at uri=[…]"),
        ("Search peer idx9 has the following message", "Search peer […] has the following message"),
        ("Unknown sid 'ana__ana__search__search1_17.4'", "Unknown sid '[…]__[…]__search__search1_17.4'"),
    ],
)
def test_told(message: str, expected: str) -> None:
    """A message keeps the names of fields, loses those of places, and is one printable line of some length."""
    assert expected == Answer(Path(), "9.4.1", ("ana",)).told(message)


def test_by_hand(ask: Asking) -> None:
    """The page lists the questions that are not asked, with what is assumed, for a person to look at."""
    ask(at_most=1)
    listed = ask.file.with_suffix(".md").read_text(encoding="utf-8").partition("## To be looked at by hand\n")[2]
    by_hand = [one for one in BY_ID.values() if not one.search]
    assert [f"- `{one.id}`: {one.asks} Assumed: {one.assumed}." for one in by_hand] == listed.splitlines()[3:]


def test_page_names_what_is_settled(ask: Asking) -> None:
    """The page, which is cited, names what is as expected, and shows a search as it can be run again."""
    ask.fake.refuses[BY_ID["tstats-subsearch"].search] = "no"
    ask()
    page = ask.file.with_suffix(".md").read_text(encoding="utf-8")
    assert "\nAs expected: `tstats-lacking-values`, `tstats-lacking-by`, `format-without-values`.\n" in page
    assert f"\nSearch:\n\n    {BY_ID['tstats-subsearch'].search}\n\nMessage:\n\n    no\n" in page


def test_page_is_not_led_astray(ask: Asking) -> None:
    """What Splunk says stands in indented blocks of one line each, whatever it says."""
    ask.fake.refuses[BY_ID["tstats-subsearch"].search] = "x\n# <script>alert(1)</script>\n[a](javascript:b) `"
    ask(at_most=1)
    page = ask.file.with_suffix(".md").read_text(encoding="utf-8").splitlines()
    assert ["    "] == [line[:4] for line in page if "script" in line]


@pytest.mark.parametrize("content", ["{}", "[]", "no JSON", '{"form": 1, "splunk": "9.0.0", "apps": {}}'])
def test_another_file(ask: Asking, content: str) -> None:
    """A file that is no answer of this Splunk is left as it is."""
    ask.file.write_text(content, encoding="utf-8")
    said = ask()
    assert (2, content, []) == (said.status, ask.file.read_text(encoding="utf-8"), ask.fake.searches)
    assert said.err.endswith("name another file with --output\n")


@cache
def everything() -> list[asking.Task]:
    """Return all that is asked of a Splunk with all apps."""
    app = App(REPO)
    vectors = list(language.vectors(REPO / "tests" / "vectors", app))
    return [*asking.of_questions(), *of_the_app.of_app(app, ALL_OF_IT), *asking.of_language(vectors)]


def test_nothing_is_written() -> None:
    """No search that Splunk runs for us has a command that writes; `parses` runs none."""
    run = [task.search for task in everything() if task.compare in ("rows", "runs")]
    assert (True, []) == (len(run) > 500, [text for text in run if "collect" in text or "outputlookup" in text])


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("| makeresults | collect index=a", True),
        ("| makeresults | `out`", True),
        ("| makeresults | append [| makeresults | outputlookup a.csv]", True),
        ('| makeresults | map search="| makeresults | sendemail to=a"', True),
        ("| makeresults | unknowncommand", True),
        ("| makeresults | eval collected=1", False),
    ],
)
def test_may_write(search: str, expected: bool, tmp_path: Path) -> None:
    """A search may write if a command in it does, in a macro, a subsearch or a text too, or if replay does not read it."""
    (tmp_path / "default").mkdir()
    (tmp_path / "default" / "macros.conf").write_text("[out]\ndefinition = collect index=a\n", encoding="utf-8")
    assert expected is language.may_write(App(tmp_path), search)


def test_names() -> None:
    """Each thing that is asked has a name of its own in its section."""
    names = [(task.section, task.name) for task in everything()]
    assert len(names) == len(set(names))


def of_app(ask: Asking, site: Site = ALL_OF_IT) -> dict[str, Any]:
    """Ask about the app alone, and return the records."""
    app = App(REPO)
    splunk = client.Splunk(ask.fake.address, client.Secret(TOKEN), client.trust(CERTIFICATE, False), 30)
    answer = Answer(ask.file, splunk.version, ())
    asking.ask(list(of_the_app.of_app(app, site)), splunk, site, app, answer, lambda done, of: None)
    return ask.found("app")


def test_app(ask: Asking) -> None:
    """Of the app it is asked whether its searches are taken and run, and what of it is seen from where."""
    ask.fake.objects = {"/transforms/lookups": list(of_the_app.LOOKUPS), "/conf-macros": ["installutil_data"]}
    verdicts = {name: record["verdict"] for name, record in of_app(ask).items()}
    searches = App(REPO).saved_searches
    assert verdicts == {f"the parser takes: {name}": "runs" for name in searches} | {
        f"runs: {name}": "runs" for name in searches if name.endswith(of_the_app.RUN)
    } | {
        "rbaenrich scores a result": "agrees",
        "the dashboard's searches run": "runs",
        "macros, seen from search": "refused",
        "lookups, seen from search": "runs",
        "the dashboard, kept out of search": "runs",
        "macros, seen from SplunkEnterpriseSecuritySuite": "refused",
        "lookups, seen from SplunkEnterpriseSecuritySuite": "runs",
        "the dashboard, kept out of SplunkEnterpriseSecuritySuite": "runs",
    }


def test_dashboard(ask: Asking) -> None:
    """Each search of the dashboard is run over an hour, as Splunk has it, those that extend another with that one's text."""
    of_app(ask)
    ran = [search["search"] for search in ask.fake.searches if search["earliest_time"] == "-60m"]
    findings = '| savedsearch "Windows InstallUtil Remote Network Connection - Hunt"'
    chained = f"{findings} | timechart sum(risk_score) by dest"
    assert (True, True, 10) == (findings in ran, chained in ran, len(ran) - len(of_the_app.RUN))


def test_dashboard_of_a_refused_search(ask: Asking) -> None:
    """Where one of them is refused, the record says which."""
    ask.fake.refuses["| `installutil_data`"] = "Error in 'SearchParser'"
    record = of_app(ask)["the dashboard's searches run"]
    assert ("refused", "ds_data: Error in 'SearchParser'") == (record["verdict"], record["message"])


def test_dashboard_that_writes(ask: Asking) -> None:
    """A search of a dashboard that was changed there, and may write, is not run."""
    path = "/data/ui/views/installutil_risk"
    changed = CONTENTS[path]["eai:data"].replace("| `installutil_data`", "| `installutil_data` | collect index=main")
    ask.fake.contents = {path: {"eai:data": changed}}
    record = of_app(ask)["the dashboard's searches run"]
    assert ("refused", "ds_data: not run, as it may write") == (record["verdict"], record["message"])
    assert [] == [search for search in ask.fake.searches if "collect" in search["search"]]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"eai:data": "<dashboard/>"}, "the definition is no dashboard whose searches are whole"),
        ({}, "the definition is no dashboard whose searches are whole"),
        (None, "Could not find object id=installutil_risk"),
    ],
)
def test_no_dashboard(ask: Asking, content: dict[str, Any] | None, expected: str) -> None:
    """A dashboard that is not there, or is none, is refused."""
    path = "/data/ui/views/installutil_risk"
    ask.fake.contents = {path: content} if content is not None else {}
    record = of_app(ask)["the dashboard's searches run"]
    assert ("refused", True) == (record["verdict"], record["message"].endswith(expected))


def test_dashboard_elsewhere(ask: Asking) -> None:
    """A dashboard that another app sees is told of, as its searches would fail there."""
    ask.fake.objects = {"/data/ui/views": ["installutil_risk"]}
    record = of_app(ask)["the dashboard, kept out of search"]
    assert ("refused", "sees installutil_risk") == (record["verdict"], record["message"])


def test_without_models(ask: Asking) -> None:
    """Without the data models, what needs them is not asked, and is no fault; the rest is."""
    lacking = {
        name for name, one in of_app(ask, Site(ALL_OF_IT.apps, {}, utc=True)).items() if one["verdict"] == "lacking"
    }
    runs = {f"runs: {name}" for name in App(REPO).saved_searches if name.endswith(of_the_app.RUN)}
    assert runs | {"the dashboard's searches run"} == lacking


def test_lacks(ask: Asking) -> None:
    """What the site lacks is named in the answer, on the page and to the user, with and without --write, and is no fault."""
    ask.fake.apps = {"Splunk_SA_CIM": "5.3.2", "a_site_app": "1"}
    ask.fake.contents = {"/datamodel/model/Endpoint": {"acceleration": SLOW}}
    said = ask()
    content = json.loads(ask.file.read_text(encoding="utf-8"))
    lacks = [
        f"the app {OURS} is not installed: nothing of it is asked",
        "the app SplunkEnterpriseSecuritySuite is not installed: it is not asked what it sees of the app",
        "the app Splunk_TA_microsoft_sysmon is not installed: no recording is sent",
        "the app Splunk_TA_windows is not installed: unless another add-on maps the Security channel, it is in no data model",
        "the app DA-ESS-ContentUpdate is not installed: nothing there has a macro of the same name as ours",
        "the data model Endpoint is not accelerated: without summaries, searches read every event",
        "the data model Network_Traffic is not there, or this user does not see it: no search of it is asked",
    ]
    assert (0, {"Splunk_SA_CIM": "5.3.2"}, lacks) == (said.status, content["apps"], content["lacks"])
    page = ask.file.with_suffix(".md").read_text(encoding="utf-8")
    assert ([], []) == (
        [text for text in lacks if f"\n- {text}\n" not in page],
        [text for text in lacks if f"{text}\n" not in said.err],
    )
    lacking = {"verdict": "lacking", "message": "the data model Network_Traffic"}
    assert [{"verdict": "runs"}, lacking, lacking, {"verdict": "agrees"}] == list(ask.found().values())


def test_is_there_later(ask: Asking) -> None:
    """What was lacking is asked again."""
    ask.fake.contents = {}
    ask(at_most=1)
    lacking = ask.found()["tstats-subsearch"]["verdict"]
    ask.fake.contents = dict(CONTENTS)
    ask(at_most=1)
    assert ("lacking", FIRST["tstats-subsearch"]) == (lacking, ask.found()["tstats-subsearch"])


def test_another_zone(ask: Asking) -> None:
    """Where the user's time zone is not UTC, what depends on it is not asked, and the answer says so."""
    ask.fake.offsets = [{"z": "+0100 +0000 +0100"}]
    ask(at_most=1_000)
    zoned = {name for name, record in ask.found().items() if record.get("message") == "the time zone UTC"}
    assert (
        {"bin-span-of-a-field", "bin-bins", "convert-missing", "month-spans", "offset-of-utc", "sparkline"},
        True,
    ) == (
        zoned,
        "the user's time zone is not UTC: what depends on it is not asked"
        in json.loads(ask.file.read_text(encoding="utf-8"))["lacks"],
    )


def test_write(ask: Asking) -> None:
    """With --write, what is not there that this needs is named, and all else is asked."""
    said = ask("--write", "lab")
    expected = f"the recording was not sent, for {APP}, Splunk_SA_CIM, Splunk_TA_microsoft_sysmon is not there"
    left_out = json.loads(ask.file.read_text(encoding="utf-8"))["left_out"]
    assert (0, AGREES, [], True, [expected]) == (
        said.status,
        ask.found(),
        ask.fake.events,
        f"{expected}\n" in said.err,
        left_out,
    )


def test_minutes(ask: Asking, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run ends after its minutes, and the next goes on."""
    answer = Answer(ask.file, "9.4.1", ())
    splunk = client.Splunk(ask.fake.address, client.Secret(TOKEN), client.trust(CERTIFICATE, False), 30)
    monkeypatch.setattr(splunk, "search", lambda *_: [])
    moments = iter([0.0, 61.0])
    monkeypatch.setattr("splreplay.ask.asking.time.monotonic", lambda: next(moments))
    tasks = list(asking.of_questions())
    asked = asking.ask(tasks, splunk, ALL_OF_IT, App(REPO), answer, lambda done, of: None, until=60.0)
    assert (1, ["tstats-subsearch"]) == (asked, list(ask.found()))


def test_id_of_the_app() -> None:
    """The id by which the app is looked for is that of the package."""
    assert APP == OURS
