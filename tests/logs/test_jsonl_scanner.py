"""The scanner looks at no byte outside its text, whatever the text: compiled code would not say so by itself."""

from __future__ import annotations

import os
import subprocess
import sys

from tests.conftest import REPO

# Lines that end in the middle of anything, each as the last of a text, where numba looks at each place.
CUT = r"""
import json
from splreplay.logs import jsonl_scanner
from splreplay.logs.jsonl import Piece
from splreplay.logs.jsonl_form import form
lines = [
    json.dumps({"EventID": 3, "Provider": "p", "Computer": "c\\u00e9\ud83d\ude00 \\ \" \/ \n", "a": [1, -2.5e+7, {"b": [True, None]}]}),
    json.dumps({"winlog": {"event_id": 1, "event_data": {"Image": "C:\\a.exe", "n": [[], {}], "f": False}}}),
    r'{"Image": "\ud83d\ude00\ud83d\u0041\q"}', '{"Image": "' + "x" * 40 + '", "Image": 0.0e0}', "[" * 70, '{"a":' * 70,
    '{"a": 1, "' + "k" * 60 + '": 2, "' + "k" * 80 + '": 3}', '{"Image":\t"\u00e9"\r}', '\xa0{"Image": tru}', '{"Image": "a" "b"}', '{"a": 01}', '{"a": 1.}', '{"a": 1e}', '{"": {}}',
]
fields = ("Image",)
for line in lines:
    text = line.encode()
    for wanted in (form(line.encode(), fields), form(b'{"winlog": {}}', fields)):
        for end in range(len(text) + 1):
            for tail in (b"", b"\n", b"\\", b"\\u", b'"'):
                content = b'{"EventID": 1}\n' + line.encode() + b"\n" + text[:end] + tail
                count = content.count(b"\n") + (not content.endswith(b"\n"))
                found = jsonl_scanner.values(Piece(1, count, content), wanted)
                for column in found.columns.values():
                    column.validate(full=True)
# More keys than are remembered.
many = json.dumps({str(number): number for number in range(2100)}).encode()
assert jsonl_scanner.values(Piece(1, 2, many + b"\n" + many), form(many, fields)).sure.all()
from numba import config
print("bounds are checked:", config.BOUNDSCHECK)
"""


def test_no_byte_outside_the_text_is_looked_at(tmp_path):
    """Every line is cut behind each of its bytes; a place outside would be an IndexError here."""
    environment = os.environ | {"NUMBA_BOUNDSCHECK": "1", "NUMBA_CACHE_DIR": str(tmp_path)}
    ran = subprocess.run([sys.executable, "-c", CUT], cwd=REPO, env=environment, capture_output=True, text=True)
    assert (0, "bounds are checked: 1\n", "") == (ran.returncode, ran.stdout, ran.stderr)
