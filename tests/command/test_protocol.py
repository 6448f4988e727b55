"""The command as Splunk runs it: a separate process, chunked protocol in and out, on each Python."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from tests.command.splunkd import (
    DETECTION,
    REPO,
    Outcome,
    build_app,
    execute,
    frame,
    getinfo,
    read_reply,
    run,
    splunk_csv,
    start,
)


def digest(text: str) -> str:
    """Return the first 128 bits of the text's SHA-256 in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


FINDING = {
    "_time": "1600530000",
    "dest": "WORKSTATION5.theshire.local",
    "user": "pgustavo",
    "parent_process_name": "powershell.exe",
    "process_name": "InstallUtil.exe",
    "process_guid": "{6bbf237a-cafe-5f64-1234-000000000500}",
    "process_id": "8420",
    "connection_to_CNC": "10.10.10.5",
    "dest_port": "80",
}
BODY = splunk_csv(list(FINDING), [list(FINDING.values())])
# How an id is made, in full: the values of the finding fields by name, in lower case, as JSON.
FINDING_ID = digest(
    '["windows installutil remote network connection", ["_time", "1600530000"], '
    '["connection_to_CNC", "10.10.10.5"], ["dest", "workstation5.theshire.local"], ["dest_port", "80"], '
    '["process_guid", "{6bbf237a-cafe-5f64-1234-000000000500}"], ["process_id", "8420"]]'
)
SENTENCE = (
    "An instance of powershell.exe spawning InstallUtil.exe was identified on endpoint "
    "WORKSTATION5.theshire.local by user pgustavo generating a remote download."
)


def test_annotate(app: Path, python: str) -> None:
    """A finding comes back with every field that it had and every field of the contract."""
    outcome = run(app, python, getinfo(f"detection={DETECTION}"), execute(BODY))
    expected = {
        **FINDING,
        "risk_score": "80",
        "risk_impact": "80",
        "risk_confidence": "100",
        "risk_message": SENTENCE,
        "risk_detection": DETECTION,
        "risk_user": "pgustavo",
        "risk_system": "WORKSTATION5.theshire.local",
        "threat_objects": ("parent_process_name=powershell.exe\nprocess_name=InstallUtil.exe\nip_address=10.10.10.5"),
        "__mv_threat_objects": (
            "$parent_process_name=powershell.exe$;$process_name=InstallUtil.exe$;$ip_address=10.10.10.5$"
        ),
        "annotations.mitre_attack": "T1218.004\nT1218",
        "__mv_annotations.mitre_attack": "$T1218.004$;$T1218$",
        "risk_score_reason": "base 80 = impact 80 x confidence 100 / 100",
        "risk_status": "scored",
        "risk_finding_id": FINDING_ID,
    }
    assert [expected] == outcome.results()


def test_modifiers(app: Path, python: str) -> None:
    """A finding becomes one risk event for its user and one for its endpoint, each with its own id."""
    outcome = run(app, python, getinfo("output=modifiers"), execute(BODY))
    keys = ("_time", "risk_object", "risk_object_type", "risk_message", "risk_finding_id", "risk_modifier_id")
    endpoint = "WORKSTATION5.theshire.local"
    ids = [
        digest(f'["{FINDING_ID}", "user", "pgustavo"]'),
        digest(f'["{FINDING_ID}", "system", "workstation5.theshire.local"]'),
    ]
    expected = [
        ("1600530000", "pgustavo", "user", SENTENCE, FINDING_ID, ids[0]),
        ("1600530000", endpoint, "system", SENTENCE, FINDING_ID, ids[1]),
    ]
    assert expected == [tuple(result[key] for key in keys) for result in outcome.results()]


def test_getinfo_reply(app: Path, python: str) -> None:
    """The command asks only to run on the search head, not even for selected fields."""
    assert [({"type": "stateful"}, "")] == run(app, python, getinfo()).replies


def test_one_reply_to_each_chunk(app: Path, python: str) -> None:
    """splunkd waits for a reply before it sends on, so each chunk is answered at once and only once."""
    sizes = []
    with start(app, python) as process:
        assert process.stdin
        assert process.stdout
        for request in (getinfo(), execute(BODY, finished=False), execute(finished=False), execute(BODY)):
            process.stdin.write(request)
            process.stdin.flush()
            sizes.append(len(read_reply(process.stdout).results()))
        process.stdin.close()
        assert b"" == process.stdout.read()
    assert [0, 1, 0, 1] == sizes


def test_exit_status_of_a_search_that_ends(app: Path, python: str) -> None:
    """A search that ends, or that splunkd gives up between two chunks, ends quietly with status 0."""
    outcomes = [
        run(app, python, getinfo(), execute(BODY)),
        run(app, python, getinfo(), execute(BODY, finished=False)),
    ]
    assert [(0, ""), (0, "")] == [(outcome.status, outcome.stderr) for outcome in outcomes]


def test_reply_repeats_finished(app: Path, python: str) -> None:
    """Each reply says whether it is the last, as its request did."""
    replies = run(app, python, getinfo(), execute(BODY, finished=False), execute(BODY)).replies
    assert [{"finished": False}, {"finished": True}] == [reply.metadata for reply in replies[1:]]


def test_order_and_number(app: Path, python: str) -> None:
    """As many results come out as went in, in the same order, in uneven chunks."""
    bodies = [splunk_csv(["n"], [[str(n)] for n in range(*span)]) for span in ((0, 1), (1, 1000), (1000, 1003))]
    outcome = run(app, python, getinfo(), *(execute(body, finished=False) for body in bodies), execute())
    assert [str(n) for n in range(1003)] == [result["n"] for result in outcome.results()]


def test_idempotent(app: Path, python: str) -> None:
    """Run on its own output, the command returns it cell for cell, because ES runs a search again."""
    body = splunk_csv(
        ["user", "dest", "process", "__mv_user"],
        [["bob\neve", "ws5", "$user$", "$bob$;$eve$"], ["SYSTEM", "", 'a,"b"\r\n', ""]],
    )
    first = run(app, python, getinfo(), execute(body)).replies[1]
    second = run(app, python, getinfo(), execute(first.body)).replies[1]
    assert first.table() == second.table()


def test_no_risk_object_field(app: Path, python: str) -> None:
    """Annotated results hold no risk_object and no risk_object_type: ES would take them for every entity."""
    header = run(app, python, getinfo(), execute(BODY)).replies[1].table()[0]
    assert set() == {"risk_object", "risk_object_type"} & set(header)


def test_same_columns_whatever_the_first_result_lacks(app: Path, python: str) -> None:
    """Our fields are on every result of a chunk, even if the first result has no risk object."""
    body = splunk_csv(["user"], [["SYSTEM"], ["bob"]])
    outcome = run(app, python, getinfo(), execute(body))
    assert [None, "bob"] == [result.get("risk_user") for result in outcome.results()]


def test_unscorable_results_are_counted(app: Path, python: str) -> None:
    """With the last chunk, the job inspector says how many of all results have no risk object."""
    body = splunk_csv(["user"], [["SYSTEM"], ["bob"]])
    replies = run(app, python, getinfo(), execute(body, finished=False), execute(body)).replies
    expected = ["INFO", "2 of 4 results have no risk object; risk_status says why"]
    assert [[], [], [expected]] == [reply.messages() for reply in replies]


def test_nothing_is_counted_when_all_is_scored(app: Path, python: str) -> None:
    """A search without a problem shows no message."""
    replies = run(app, python, getinfo(), execute(BODY)).replies
    assert [[], []] == [reply.messages() for reply in replies]


def test_one_finding_has_one_id_in_any_column_order(app: Path, python: str) -> None:
    """The finding id does not depend on the order in which Splunk sends the columns."""
    body = splunk_csv(list(reversed(FINDING)), [list(reversed(FINDING.values()))])
    results = run(app, python, getinfo(), execute(BODY, finished=False), execute(body)).results()
    assert {FINDING_ID} == {result["risk_finding_id"] for result in results}


def refusal(outcome: Outcome) -> tuple[list[str], int]:
    """Return what the analyst sees of a command that ends, having checked that it is not a traceback."""
    assert "Traceback" not in outcome.stderr
    return outcome.errors(), outcome.status


@pytest.mark.parametrize(
    ("argument", "error"),
    [
        ("output=all", "output='all' is not known; it can be annotate, modifiers"),
        ("output=", "output='' is not known; it can be annotate, modifiers"),
        ("output={x} {0} %s", "output='{x} {0} %s' is not known; it can be annotate, modifiers"),
        (
            "logging_level=LOUD",
            "logging_level='LOUD' is not known; it can be DEBUG, INFO, WARNING, ERROR, CRITICAL",
        ),
        ("missing=a\nb", "missing='a\\nb' holds a control character"),
        ("missing=\ud800", "missing='\\ud800' holds a control character"),
        ("detection=No Such", f"detection 'No Such' is not known; in force: '{DETECTION}'"),
        ("detection={x}", f"detection '{{x}}' is not known; in force: '{DETECTION}'"),
        *(
            (
                argument,
                f"{argument!r} is no option; there are detection=, detection_field=, output=, fields=, missing=, logging_level=",
            )
            for argument in (
                "user",
                "score=1",
                "Output=annotate",
                "=",
                "record=true",
                "show_configuration=true",
                "logging_configuration=/etc/passwd",
            )
        ),
    ],
)
def test_a_wrong_argument(app: Path, python: str, argument: str, error: str) -> None:
    """A wrong argument ends the search at once, in one line that says what would be right."""
    assert ([error], 1) == refusal(run(app, python, getinfo(argument), execute(BODY)))


def test_an_option_in_any_script(app: Path, python: str) -> None:
    """An option's text may be in any script, and keeps quotes, blanks and equals signs as they are."""
    missing = '未知　="\u00a0😀'
    outcome = run(app, python, getinfo(f"missing={missing}"), execute("user\nbob\n"))
    assert f"endpoint {missing} by user bob" in outcome.results()[0]["risk_message"]


def test_an_option_that_is_given_twice(app: Path, python: str) -> None:
    """An option that is given twice is refused: which value is meant is unknown."""
    outcome = run(app, python, getinfo("missing=a", "missing=b"))
    assert (["missing= is given twice"], 1) == refusal(outcome)


def test_a_bad_shipped_file(tmp_path: Path, python: str) -> None:
    """A bad shipped file ends the search in one line that names file, row and remedy."""
    app = build_app(tmp_path, shipped={"score_modifiers": ["x,*,user,bob,add,ten,r,,"]})
    error = (
        "installutil_rba_score_modifiers.csv, row 2: value 'ten' is no number from -100 to 100; put the file "
        "back as the app ships it; changes belong in installutil_rba_score_modifiers_local.csv"
    )
    assert ([error], 1) == refusal(run(app, python, getinfo(), execute(BODY)))


def test_a_bad_local_row(tmp_path: Path, python: str) -> None:
    """A bad local row gives one warning, and none while parsing; the score is as without it."""
    app = build_app(tmp_path, local={"score_modifiers": ["{x},*,user,*,add,ten,r,,"]})
    outcome = run(app, python, getinfo(), execute(BODY, finished=False), execute(BODY))
    warning = (
        "installutil_rba_score_modifiers_local.csv, row 2: value 'ten' is no number from -100 to 100; "
        "it is left out, and what ships stays in force"
    )
    assert [[], [["WARN", warning]], []] == [reply.messages() for reply in outcome.replies]
    assert ["80", "80"] == [result["risk_score"] for result in outcome.results()]


def test_many_bad_local_rows(tmp_path: Path, python: str) -> None:
    """The job inspector lists ten of many problems, and says how many more there are."""
    app = build_app(tmp_path, local={"ignored_objects": [f"host,{n},r,," for n in range(13)]})
    messages = run(app, python, getinfo(), execute(BODY)).replies[1].messages()
    assert (11, ["WARN", "and 3 more; rbaenrich.log has them all"]) == (len(messages), messages[-1])


def test_the_lookups_that_ship(tmp_path: Path, python: str) -> None:
    """With the lookups of the repository, the recorded attack scores 80 with the published message."""
    names = [path.name for path in (REPO / "lookups").glob("installutil_rba_*.csv") if "_local" not in path.name]
    app = build_app(tmp_path, files={name: (REPO / "lookups" / name).read_text("utf-8") for name in names})
    result = run(app, python, getinfo(f"detection={DETECTION}"), execute(BODY)).results()[0]
    expected = ("80", SENTENCE, "pgustavo", "WORKSTATION5.theshire.local", "scored")
    keys = ("risk_score", "risk_message", "risk_user", "risk_system", "risk_status")
    assert expected == tuple(result[key] for key in keys)


def test_splunk_home_gets_a_log(tmp_path: Path, app: Path, python: str) -> None:
    """Errors go to var/log/splunk/rbaenrich.log of SPLUNK_HOME, one line each, and not to stderr."""
    folder = tmp_path / "var" / "log" / "splunk"
    folder.mkdir(parents=True)
    outcome = run(app, python, getinfo("output=all"), environment={"SPLUNK_HOME": str(tmp_path)})
    assert "" == outcome.stderr
    line = (folder / "rbaenrich.log").read_text("utf-8")
    assert line.endswith(" output='all' is not known; it can be annotate, modifiers\n"), line


@pytest.mark.parametrize(("level", "logged"), [("INFO", True), ("WARNING", False)])
def test_logging_level(tmp_path: Path, app: Path, python: str, level: str, logged: bool) -> None:
    """logging_level decides what the log keeps."""
    folder = tmp_path / "var" / "log" / "splunk"
    folder.mkdir(parents=True)
    environment = {"SPLUNK_HOME": str(tmp_path)}
    run(app, python, getinfo(f"logging_level={level}"), execute(BODY), environment=environment)
    log = folder / "rbaenrich.log"
    assert logged == (log.exists() and "results=1 without_risk_object=0" in log.read_text("utf-8"))


def test_without_splunk_home_no_file_is_written(tmp_path: Path, python: str) -> None:
    """Without SPLUNK_HOME nothing is written, whatever the logging level."""
    app = build_app(tmp_path / "app")
    run(
        app,
        python,
        getinfo("logging_level=DEBUG"),
        execute(BODY),
        environment={"PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert [] == list(app.rglob("*.log"))


def test_a_log_that_cannot_be_written(tmp_path: Path, app: Path, python: str) -> None:
    """A log that cannot be created, here because its folder is missing, changes nothing about the search."""
    environment = {"SPLUNK_HOME": str(tmp_path / "absent")}
    outcome = run(app, python, getinfo("logging_level=DEBUG"), execute(BODY), environment=environment)
    assert (0, "", 1) == (outcome.status, outcome.stderr, len(outcome.results()))


def test_getinfo_without_arguments(app: Path, python: str) -> None:
    """A getinfo that says nothing but its action gets the defaults."""
    for metadata in (
        {"action": "getinfo"},
        {"action": "getinfo", "searchinfo": {}},
        {"action": "getinfo", "x": [1]},
    ):
        outcome = run(app, python, frame(metadata), execute(BODY))
        assert ["80"] == [result["risk_score"] for result in outcome.results()]


def test_unknown_metadata(app: Path, python: str) -> None:
    """Unknown entries of the metadata are ignored."""
    chunk = frame({"action": "execute", "finished": True, "later": {"deep": [None]}, "args": 1}, BODY)
    assert ["80"] == [result["risk_score"] for result in run(app, python, getinfo(), chunk).results()]


OWN = "Of our own"
SEVERAL_DETECTIONS = {
    "detections": [f"{OWN},30,60,50,$user$ did it,user,,,,,,"],
    "entities": [f"{OWN},risk,user,user,"],
}


def test_without_a_name_the_detection_that_ships_is_meant(tmp_path: Path, python: str) -> None:
    """Rows that a site adds for its own detections do not stop a search that names none."""
    app = build_app(tmp_path, local=SEVERAL_DETECTIONS)
    outcome = run(app, python, getinfo(), execute(BODY))
    assert [FINDING_ID] == [result["risk_finding_id"] for result in outcome.results()]


def test_detection_field(tmp_path: Path, python: str) -> None:
    """Each result is scored by the detection that it names, in any case, and by none if that is unknown."""
    app = build_app(tmp_path, local=SEVERAL_DETECTIONS)
    names = [DETECTION, OWN.upper(), "Other", "", "x" * 200]
    body = splunk_csv(["user", "search_name"], [["bob", name] for name in names])
    outcome = run(app, python, getinfo("detection_field=search_name"), execute(body))
    keys = ("risk_score", "risk_detection", "risk_user", "risk_status")
    cut = "x" * 100
    assert [
        ("80", DETECTION, "bob", "scored"),
        ("30", OWN, "bob", "scored"),
        (None, "Other", None, "no detection: search_name is 'Other', which is not in force"),
        (None, None, None, "no detection: search_name is missing"),
        (None, "x" * 200, None, f"no detection: search_name is '{cut}…', which is not in force"),
    ] == [tuple(result.get(key) for key in keys) for result in outcome.results()]
    warning = f"3 of 5 results name no detection that is in force, so nothing scores them; they name 'Other', '{cut}'"
    assert [["WARN", warning]] == outcome.replies[1].messages()


def test_detection_field_of_several_values(app: Path, python: str) -> None:
    """The first of several values names the detection."""
    body = splunk_csv(["source", "__mv_source"], [[f"{DETECTION}\nOther", f"${DETECTION}$;$Other$"]])
    outcome = run(app, python, getinfo("detection_field=source"), execute(body))
    assert ["80"] == [result["risk_score"] for result in outcome.results()]


def test_results_that_were_annotated_become_risk_events_of_their_own_detections(tmp_path: Path, python: str) -> None:
    """risk_detection, which the command itself writes, names the detection again, and unknown ones give no event."""
    app = build_app(tmp_path, local=SEVERAL_DETECTIONS)
    body = splunk_csv(["user", "search_name"], [["bob", DETECTION], ["eve", OWN], ["ann", "Other"]])
    annotated = run(app, python, getinfo("detection_field=search_name"), execute(body)).replies[1].body
    outcome = run(app, python, getinfo("detection_field=risk_detection", "output=modifiers"), execute(annotated))
    keys = ("search_name", "risk_object", "risk_score")
    assert [(DETECTION, "bob", "80"), (OWN, "eve", "30")] == [
        tuple(result[key] for key in keys) for result in outcome.results()
    ]


def test_unknown_detections_are_named_ten_at_most(app: Path, python: str) -> None:
    """However many names there are, the warning stays short."""
    body = splunk_csv(["search_name"], [[f"other {number}"] for number in range(1000)])
    (message,) = run(app, python, getinfo("detection_field=search_name"), execute(body)).replies[1].messages()
    assert ("WARN", 10) == (message[0], message[1].count("'other"))


def test_risk_events_carry_the_fields_that_the_lookups_name(app: Path, python: str) -> None:
    """By default they carry the fields of message, objects and id that they do not have themselves, and no others."""
    names = [*FINDING, "other", "risk_object", "search_name"]
    body = splunk_csv(names, [[*FINDING.values(), "x", "y", "z"]])
    events = run(app, python, getinfo("output=modifiers"), execute(body)).results()
    carried = {name: value for name, value in FINDING.items() if name != "_time"}
    own = {"risk_object": "pgustavo", "search_name": DETECTION}
    assert {**carried, **own} == {name: events[0].get(name) for name in {*carried, *own}}
    assert [None, None] == [event.get("other") for event in events]


@pytest.mark.parametrize(("option", "carried"), [("fields=other, n,other", ["other", "n"]), ("fields=", [])])
def test_risk_events_carry_the_fields_that_are_named(app: Path, python: str, option: str, carried: list[str]) -> None:
    """fields= names the fields of the result that a risk event carries, with all their values, and no others."""
    body = splunk_csv(["user", "other", "__mv_other", "n"], [["bob", "a\nb", "$a$;$b$", "1"]])
    outcome = run(app, python, getinfo("output=modifiers", option), execute(body))
    values = {"other": "a\nb", "__mv_other": "$a$;$b$", "n": "1"}
    (event,) = outcome.results()
    found = {name: value for name, value in event.items() if name.removeprefix("__mv_") in ("user", "other", "n")}
    assert {name: value for name, value in values.items() if name.removeprefix("__mv_") in carried} == found


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (
            (f"detection={DETECTION}", "detection_field=source"),
            "detection= is for all results, and detection_field= names one for each; give only one of them",
        ),
        (
            ("detection_field=risk_score",),
            "detection_field='risk_score' can name no detection; give a field such as search_name",
        ),
        (("detection_field=",), "detection_field='' can name no detection; give a field such as search_name"),
        (("fields=user",), "fields= is for output=modifiers; a result that is annotated keeps all its fields"),
        (
            ("output=modifiers", "fields=user,risk_object"),
            "fields= names 'risk_object', which every risk event has of its own",
        ),
        *(
            (
                ("output=modifiers", f"fields={name}"),
                f"fields= names {name!r}, which is no field; list the fields one by one, with commas between",
            )
            for name in ("__mv_user", "proc*")
        ),
    ],
)
def test_options_that_do_not_go_together(app: Path, python: str, arguments: tuple[str, ...], error: str) -> None:
    """Options that contradict each other, or the command itself, end the search in one line."""
    assert ([error], 1) == refusal(run(app, python, getinfo(*arguments), execute(BODY)))


def test_a_local_row_with_a_field_that_no_result_has(tmp_path: Path, python: str) -> None:
    """Each such row is reported once, with the last chunk, and only for fields that no chunk had."""
    app = build_app(
        tmp_path,
        local={
            "score_modifiers": ["a,*,parent,x,add,1,r,,", "b,*,later,x,add,1,r,,", "c,*,user,x,add,1,r,,"],
            "entities": ["*,risk,src_user,user,"],
            "detections": [f"{DETECTION},80,80,100,by $usr$,dest|user,,,,,,"],
        },
    )
    first, second = splunk_csv(["user", "dest"], [["bob", "ws5"]]), splunk_csv(["later"], [["x"]])
    replies = run(app, python, getinfo(), execute(first, finished=False), execute(second)).replies
    told = [
        ("installutil_rba_detections_local.csv, row 2", "usr"),
        ("installutil_rba_entities_local.csv, row 2", "src_user"),
        ("installutil_rba_score_modifiers_local.csv, row 2", "parent"),
    ]
    expected = [
        ["WARN", f"{place}: no result of this search has the field {field!r}; correct it, or remove the row"]
        for place, field in told
    ]
    assert ([], expected) == (
        replies[1].messages(),
        [message for message in replies[2].messages() if message[0] == "WARN"],
    )


def test_a_search_without_results_tells_nothing_of_fields(tmp_path: Path, python: str) -> None:
    """Without a result, no field can be missing."""
    app = build_app(tmp_path, local={"score_modifiers": ["a,*,parent,x,add,1,r,,"]})
    assert [[], []] == [reply.messages() for reply in run(app, python, getinfo(), execute()).replies]
