"""Ctrl-C, or SIGTERM, ends a process of ours within about a second, whatever it does at the moment.

Python runs a signal's handler between two steps of Python, so not while DuckDB works on a query. The signal's number is
therefore sent to a thread too, which breaks the query off. What DuckDB does not break off, one value that a function works on
for minutes, ends with the process.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:  # --help needs no database
    import duckdb

STATUS = 130  # as a shell has it: 128 and the number of the signal
GRACE_S = 1.0
END_S = 10.0
_SIGNALS = (signal.SIGINT, signal.SIGTERM)

_asked = threading.Event()
_raised = threading.Event()
_ended = threading.Event()
_making = threading.Event()
_follows = threading.Event()
_connections: list[weakref.ref[duckdb.DuckDBPyConnection]] = []
_stopped: list[weakref.WeakMethod[Callable[[], None]]] = []
_left: list[weakref.WeakMethod[Callable[[], None]]] = []


def asked() -> bool:
    """Return whether this process was asked to end: then whatever goes wrong does so for that."""
    return _asked.is_set()


def stoppable(connection: duckdb.DuckDBPyConnection) -> duckdb.DuckDBPyConnection:
    """Return a connection, whose queries will be broken off."""
    _connections.append(weakref.ref(connection))
    return connection


def undone(undo: Callable[[], None]) -> None:
    """Have a method of an object called where the process has to end at once, if the object is still there."""
    _left.append(weakref.WeakMethod(undo))


def broken_off(stop: Callable[[], None]) -> None:
    """Have a method of an object called where work is broken off, and where the process has to end at once."""
    _stopped.append(weakref.WeakMethod(stop))
    undone(stop)


class Folder(tempfile.TemporaryDirectory[str]):
    """A folder that goes with the process, although threads may still write into it."""

    def vanish(self) -> None:
        """Remove it: under another name, as what a thread writes while it is removed would keep it there."""
        gone = f"{self.name}-gone"
        with contextlib.suppress(OSError):
            os.rename(self.name, gone)
        shutil.rmtree(gone, ignore_errors=True)
        self.cleanup()


def temporary_folder() -> Folder:
    """Return a new folder, which goes with the object, and with the process."""
    _making.set()  # an interrupt between the folder and the object that removes it would leave the folder behind
    try:
        folder = Folder(prefix="replay-", ignore_cleanup_errors=True)
        undone(folder.vanish)
    finally:
        _making.clear()
    if asked():
        _raise()
    return folder


def follow(parent: int) -> None:
    """Have this process, which was forked from a guarded one, end with its parent or by SIGTERM, whatever it does at the moment.

    What the parent has to break off and to undo stays the parent's. Ctrl-C reaches both; the parent says when to end.

    Args:
        parent: The process id of the parent.
    """
    _follows.set()
    for of_parent in (_connections, _stopped, _left):
        of_parent.clear()
    receiving, sending = socket.socketpair()
    sending.setblocking(False)
    signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: None)
    threading.Thread(target=_follow, args=(receiving, sending, parent), daemon=True).start()


def _follow(receiving: socket.socket, sending: socket.socket, parent: int) -> None:
    """Wait for a signal, or for the parent to be gone, then end the process; *sending* is kept open meanwhile."""
    receiving.settimeout(GRACE_S)
    while os.getppid() == parent:
        with contextlib.suppress(TimeoutError):
            receiving.recv(64)
            break
    _end()


@contextlib.contextmanager
def within(seconds: float) -> Iterator[threading.Event]:
    """Break off the queries of this process, and the commands of apps that it runs, once *seconds* have passed; the event that is given is then set.

    A process that follows another ends if that does not help for END_S, as where one function works on a value.
    """
    over, done = threading.Event(), threading.Event()

    def watch() -> None:
        if done.wait(seconds):
            return
        over.set()
        end = time.monotonic() + END_S
        while not done.wait(0.005):  # again and again, as the next query may be about to start, and may be short
            _break_off()
            if _follows.is_set() and time.monotonic() > end:
                _end()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield over
    finally:
        done.set()
        thread.join()


def guard(work: Callable[[], int]) -> int:
    """Return what *work* returns, the whole work of a process; a signal raises KeyboardInterrupt in it."""
    receiving, sending = socket.socketpair()
    sending.setblocking(False)
    signal.set_wakeup_fd(sending.fileno(), warn_on_full_buffer=False)
    for number in _SIGNALS:
        signal.signal(number, _interrupt)
    threading.Thread(target=_watch, args=(receiving,), daemon=True).start()
    try:
        return work()
    finally:
        _ended.set()
        if asked():
            _end()
        signal.set_wakeup_fd(-1)
        sending.close()


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt what Python does, unless it makes a folder, which then interrupts when it is made."""
    _asked.set()
    if not _making.is_set():
        _raise()


def _raise() -> None:
    """Raise KeyboardInterrupt; later signals do nothing, as what was begun is being undone."""
    if not _raised.is_set():
        _raised.set()
        raise KeyboardInterrupt


def _watch(receiving: socket.socket) -> None:
    """Wait for a signal, then break off queries, and after a while the process."""
    while not set(_SIGNALS).intersection(numbers := receiving.recv(64)):
        if not numbers:  # the work has ended
            return
    _asked.set()
    end = time.monotonic() + GRACE_S
    while time.monotonic() < end:  # again and again, as the next query may be about to start
        _break_off()
        if _ended.wait(0.05):
            return
    print("interrupted", file=sys.stderr, flush=True)
    _end()


def _break_off() -> None:
    for reference in list(_connections):
        if connection := reference():
            with contextlib.suppress(Exception):  # it is closed
                connection.interrupt()
    _call(_stopped)


def _call(methods: list[weakref.WeakMethod[Callable[[], None]]]) -> None:
    for reference in list(methods):
        if method := reference():
            with contextlib.suppress(Exception):
                method()


def _end() -> NoReturn:
    """End the process at once: Python's own end would wait for the threads of DuckDB, or break one off in the middle."""
    _call(_left)
    os._exit(STATUS)
