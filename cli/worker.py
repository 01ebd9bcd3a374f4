"""The worker process: tags, indexes, watches and compares, so that the server stays quick.

    python -m cli.worker LIBRARY [--while-stdin-is-open]

It may be killed at any moment: what it was doing comes back when it starts again.
"""

import argparse
import contextlib
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import BinaryIO

from catalog.errors import TaglightError
from catalog.storage.folder import FolderStore
from cli import logs
from cli.consumer import Consumer
from cli.ending import heard
from cli.following import follow
from cli.home import Home, open_home
from cli.locks import only_one
from cli.recognizers import decoder_for, prepare_early, recognizer_of
from cli.reconcile import Reconciler
from cli.settling import Settling
from cli.watch import watch_folder
from cli.watch_tickets import watch_tickets
from tagger.handlers import Handlers
from tagger.pipeline import Tagger
from tagger.recognizers import Recognizer
from tagger.settings import tagging_settings

log = logging.getLogger(__name__)

NICENESS = 5
# Less than the supervisor waits; with the server's own draining, all ends within 10 s.
GRACE_SECONDS = 4.0
GIVE_BACK_SECONDS = 0.5
# A picture that takes longer than this holds up all others: that counts as a crash.
LONGEST_SECONDS = 120.0
# The web app writes the row of what it received some milliseconds after its event.
ROW_SECONDS = 1.0


class Worker:
    """All that the worker process does, each in a thread of its own, until `stop` is set."""

    def __init__(self, home: Home, recognizer: Recognizer) -> None:
        self.stop = threading.Event()
        self._decoder = decoder_for(recognizer)
        tagger = Tagger(
            home.store,
            home.indexer,
            recognizer,
            tagging_settings(home.environment),
            opener=self._decoder,
        )
        handlers = Handlers(
            home.store,
            home.indexer,
            tagger,
            lambda change: home.journal.announce(change, priority=1),
            row_seconds=ROW_SECONDS if home.folder else 0.0,
        )
        self._home = home
        self._tagging = Consumer(home.journal, "tag", handlers.handle_event)
        self._indexing = Consumer(home.journal, "index", handlers.handle_event)
        self._settling = _settling(home.folder) if home.folder else None
        self._reconciler = Reconciler(
            home.store,
            home.journal,
            home.database,
            home.indexer,
            self._settling.add if self._settling else None,
        )

    def run(self) -> None:
        """Work until `stop` is set."""
        self._home.journal.release_all()
        threads = [
            self._thread("index", lambda: self._indexing.run(self.stop)),
            self._thread("watch", self._watch),
            self._thread("compare", lambda: self._reconciler.run(self.stop)),
            self._thread("clock", self._end_if_stuck),
        ]
        for thread in threads:
            thread.start()
        with self._decoder:
            self._decoder.prepare()
            self._tagging.run(self.stop)
        for thread in threads:
            thread.join()

    def end(self) -> None:
        """Have `run` return after what is at hand; a picture that is being opened is put back."""
        self.stop.set()
        self._decoder.cut_off()

    def give_back(self) -> None:
        """Let what is being worked on come again, at no cost: the process ends now."""
        for consumer in (self._tagging, self._indexing):
            with contextlib.suppress(TaglightError):
                consumer.give_back()

    def _end_if_stuck(self) -> None:
        while not self.stop.wait(1):
            if self._tagging.busy_for() > LONGEST_SECONDS:
                log.error("A picture takes too long. The worker begins anew.")
                os._exit(1)

    def _watch(self) -> None:
        look_at = self._reconciler.look_at
        if self._home.folder and self._settling:
            watch_folder(self._home.folder, self._settling, look_at, self.stop)
        else:
            watch_tickets(self._home.database, look_at, self.stop)

    def _thread(self, name: str, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except Exception:
                # Half a worker would leave pictures waiting: end, and be started again.
                log.exception("The worker cannot go on")
                os._exit(1)

        return threading.Thread(target=guarded, name=name, daemon=True)


def _settling(store: FolderStore) -> Settling:
    return Settling(lambda key: str(store.path(key)))


def run_worker(library: str, *, while_stdin_is_open: bool = False) -> None:
    """Work for this library until told to stop. Raises TaglightError where it cannot begin."""
    os.nice(NICENESS)
    home = open_home(library, may_only_read=True)
    sentence = f"Another Taglight works on {home.library} already."
    with only_one(home.ours / "worker.lock", sentence):
        input = sys.stdin.buffer if while_stdin_is_open else None
        if home.only_read:
            follow(home, input)
        else:
            _work(home, input)
    home.close()


def _work(home: Home, input: BinaryIO | None) -> None:
    recognizer = recognizer_of(home.environment)
    worker = Worker(home, recognizer)
    heard(lambda: _end(worker), input=input)
    threading.Thread(target=prepare_early, args=(recognizer,), daemon=True).start()
    worker.run()


def _end(worker: Worker) -> None:
    """Let the worker end by itself, and end the process where that takes too long."""
    worker.end()
    time.sleep(GRACE_SECONDS)
    # The list of work may not answer either: then a lease is left, which the next worker ends.
    last = threading.Thread(target=worker.give_back, daemon=True)
    last.start()
    last.join(GIVE_BACK_SECONDS)
    os._exit(0)


def main(arguments: list[str] | None = None) -> int:
    """Run the worker process; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m cli.worker", description=__doc__)
    parser.add_argument("library")
    parser.add_argument("--while-stdin-is-open", action="store_true")
    options = parser.parse_args(arguments)
    try:
        logs.configure("worker")
        run_worker(options.library, while_stdin_is_open=options.while_stdin_is_open)
    except TaglightError as error:
        log.error("%s", error)
        return 1
    return 0


if __name__ == "__main__":
    status = main()
    logging.shutdown()
    # All is closed. To take the interpreter apart as well takes seconds on a busy machine, in which
    # no thread is left to see to it that the process ends in time.
    os._exit(status)
