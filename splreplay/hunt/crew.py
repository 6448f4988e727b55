"""Run searches on all cores: processes that are forked before the logs are read, and then take one search after the other.

They are forked once all is planned, so that they have the plans, and before there is a database or a thread, neither of which
survives a fork. Each reads the same database file.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Self

from splreplay import interrupt
from splreplay.hunt.outcome import Outcome

Job = int
# So long may a process take to end, in seconds.
GRACE_S = 3.0
# Returns what does one job, given what only the parent knows in the end.
Begin = Callable[[Any], Callable[[Job], Outcome]]


class Alone:
    """This process, where there is to be one, or where the system cannot fork."""

    def __init__(self, begin: Begin) -> None:
        """Take what it is to do."""
        self._begin = begin

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """Do nothing."""

    def outcomes(self, start: object, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome | None]]:
        """Yield each job with its outcome."""
        do = self._begin(start)
        yield from ((job, do(job)) for job in jobs)


class Crew:
    """Processes that each do what *begin* returns, once they are told what it is begun with."""

    def __init__(self, size: int, begin: Begin) -> None:
        """Fork *size* processes, which wait."""
        fork = multiprocessing.get_context("fork")
        self._ends: list[Connection] = []
        self._processes: list[BaseProcess] = []
        interrupt.undone(self.end)
        # A signal waits until each process has its own way to take it.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
        try:
            for _ in range(size):
                ours, theirs = fork.Pipe()
                process = fork.Process(target=_work, args=(theirs, begin, [*self._ends, ours], before), daemon=True)
                process.start()
                theirs.close()
                self._ends.append(ours)
                self._processes.append(process)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *raised: object) -> None:
        """End the processes."""
        self.end()

    def end(self) -> None:
        """End the processes: they may put away what they have begun, such as an app's command, but for no more than GRACE_S."""
        for process in self._processes:
            process.terminate()
        end = time.monotonic() + GRACE_S
        for process in self._processes:
            process.join(max(0.0, end - time.monotonic()))
            process.kill()
            process.join()

    def outcomes(self, start: object, jobs: Sequence[Job]) -> Iterator[tuple[Job, Outcome | None]]:
        """Yield each job with its outcome as it ends; None where its process died, which the others outlive."""
        left = list(reversed(jobs))
        doing: dict[Connection, Job] = {}
        for end in self._ends:
            with contextlib.suppress(OSError):
                end.send(start)
        free = list(self._ends)
        while left or doing:
            while free and left:
                end = free.pop()
                with contextlib.suppress(OSError):
                    end.send(left[-1])
                    doing[end] = left.pop()
            if not doing:  # all have died
                yield from ((job, None) for job in reversed(left))
                return
            for end in [end for end in wait(list(doing)) if isinstance(end, Connection)]:
                job = doing.pop(end)
                try:
                    outcome = end.recv()
                except (EOFError, OSError):
                    yield job, None
                    continue
                yield job, outcome
                free.append(end)


def crew(size: int, begin: Begin) -> Alone | Crew:
    """Return *size* processes, or this one."""
    return Crew(size, begin) if size > 1 and "fork" in multiprocessing.get_all_start_methods() else Alone(begin)


def _work(end: Connection, begin: Begin, others: Sequence[Connection], signals: Iterable[int]) -> None:
    """Do what comes, until the other end is closed, as it is when its process dies; *signals* are those that are blocked."""
    interrupt.follow(os.getppid())
    signal.pthread_sigmask(signal.SIG_SETMASK, signals)
    for other in others:
        other.close()
    try:
        do = begin(end.recv())
        while True:
            end.send(do(end.recv()))
    except (EOFError, OSError):  # the parent wants no more
        os._exit(0)  # what Python does at its end is the parent's to do
    except BaseException:
        traceback.print_exc()
        os._exit(1)
