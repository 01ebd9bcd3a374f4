"""Functions as Lambda runs them: warm processes, one call at a time each, ended when too slow."""

import json
import queue
import subprocess
import sys
import threading
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
STARTS_WITHIN = 60.0  # seconds


class FunctionError(Exception):
    """The handler raised, its process ended, or it was too slow."""


@dataclass
class Function:
    """One function; `timeout` in seconds, its log in `<name>.log`."""

    name: str
    handler: str
    environment: Mapping[str, str]
    timeout: float
    folder: Path
    aws_port: int
    ended: list[str] = field(default_factory=list)
    _idle: "queue.SimpleQueue[_Instance]" = field(default_factory=queue.SimpleQueue)
    _all: list["_Instance"] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, event: Any, trace: str = "") -> Any:
        """Return what the handler answers; its calls of AWS carry `trace`. Raises FunctionError."""
        instance = self._instance()
        try:
            answer = instance.ask(event, self.timeout, trace)
        except FunctionError as error:
            self.ended.append(str(error))
            instance.kill()
            raise
        self._idle.put(instance)
        if "error" in answer:
            raise FunctionError(answer["error"])
        return answer["result"]

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            for instance in self._all:
                instance.kill()

    def _instance(self) -> "_Instance":
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            made = _Instance(self)
            with self._lock:
                self._all.append(made)
            return made


class _Instance:
    """A process that has loaded the handler."""

    def __init__(self, function: Function) -> None:
        log = (function.folder / f"{function.name}.log").open("ab")
        with log:
            self.process = subprocess.Popen(
                [sys.executable, str(BOOTSTRAP), function.handler, str(function.aws_port)],
                cwd=REPOSITORY,
                env=dict(function.environment),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()
        assert self._line(STARTS_WITHIN) == "ready\n", f"{function.name} did not start: see its log"

    def ask(self, event: Any, timeout: float, trace: str) -> dict[str, Any]:
        """Hand an event over and wait. Raises FunctionError."""
        request = str(uuid.uuid4())
        asked = {"event": event, "request": request, "seconds": timeout, "trace": trace}
        stdin = self.process.stdin
        assert stdin
        try:
            stdin.write(json.dumps(asked) + "\n")
            stdin.flush()
        except BrokenPipeError as error:
            raise FunctionError("The process ended.") from error
        answer: dict[str, Any] = json.loads(self._line(timeout))
        return answer

    def kill(self) -> None:
        """End the process at once, as Lambda does."""
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe:
                pipe.close()

    def _read(self) -> None:
        assert self.process.stdout
        try:
            for line in self.process.stdout:
                self._lines.put(line)
        except ValueError:
            pass  # closed meanwhile
        self._lines.put("")

    def _line(self, timeout: float) -> str:
        try:
            line = self._lines.get(timeout=timeout)
        except queue.Empty:
            raise FunctionError(f"The task timed out after {timeout:.1f} seconds.") from None
        if not line:
            raise FunctionError("The process ended.")
        return line
