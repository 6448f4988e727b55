"""A command that only reads CSV and writes it: no command that uses the csv module can be faster."""

import csv
import io
import re
import sys

HEADER = re.compile(rb"chunked 1\.0,(\d+),(\d+)\n")

while header := HEADER.fullmatch(sys.stdin.buffer.readline()):
    sys.stdin.buffer.read(int(header[1]))
    body = sys.stdin.buffer.read(int(header[2])).decode("utf-8", "surrogateescape")
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\n").writerows(csv.reader(io.StringIO(body, newline=""), strict=True))
    reply = out.getvalue().encode("utf-8", "surrogateescape")
    sys.stdout.buffer.write(b"chunked 1.0,2,%d\n{}%b" % (len(reply), reply))
    sys.stdout.buffer.flush()
