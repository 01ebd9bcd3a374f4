"""How far a command is: a bar on a terminal, now and then a plain line elsewhere."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn

# Between two lines where the output is no terminal.
LINE_SECONDS = 10.0

Advance = Callable[[int], None]


@contextmanager
def showing(what: str, total: int | None = None) -> Iterator[Advance]:
    """Show on stderr how far the work in the body is, which calls `advance(n)` for each n done."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines(what, total).advance
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[figures]}"),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(what, total=total, figures="")
        pace = Pace(total)

        def advance(count: int) -> None:
            pace.done += count
            bar.update(task, completed=pace.done, figures=pace.figures())

        yield advance


class Pace:
    """How many are done, how fast, and how long the rest will take."""

    def __init__(self, total: int | None, clock: Callable[[], float] = time.monotonic) -> None:
        self.done = 0
        self._total = total
        self._clock = clock
        self._began = clock()

    def figures(self) -> str:
        """Return `120 of 2,000, 41 a minute, 46 min left`."""
        if self._total is None:
            return f"{self.done:,}"
        parts = [f"{self.done:,} of {self._total:,}"]
        passed = self._clock() - self._began
        if self.done and passed > 0:
            parts.append(rate_text(self.done / passed))
            if self.done < self._total:
                left = (self._total - self.done) * passed / self.done
                parts.append(f"{duration_text(left)} left")
        return ", ".join(parts)


class _Lines:
    """Plain lines, so that a log is not filled with the pieces of a bar."""

    def __init__(self, what: str, total: int | None) -> None:
        self._what = what
        self._pace = Pace(total)
        self._next = time.monotonic() + LINE_SECONDS

    def advance(self, count: int) -> None:
        """Count what was done, and say so when it is time."""
        self._pace.done += count
        if time.monotonic() >= self._next:
            self._next = time.monotonic() + LINE_SECONDS
            typer.echo(f"{self._what}: {self._pace.figures()}", err=True)


def rate_text(per_second: float) -> str:
    """Return a rate in the unit that is easiest to read."""
    if per_second >= 2:
        return f"{per_second:,.0f} a second"
    return f"{per_second * 60:,.0f} a minute"


def duration_text(seconds: float) -> str:
    """Return a duration as people say it: `40 s`, `12 min`, `3 h 20 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    return f"{minutes // 60} h {minutes % 60} min"
