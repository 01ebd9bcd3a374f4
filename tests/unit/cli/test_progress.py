"""What is said of how far a command is."""

import pytest

from cli import progress
from cli.progress import Pace, duration_text, rate_text, showing


def test_figures_tell_rate_and_time_left() -> None:
    now = 100.0
    pace = Pace(2000, clock=lambda: now)
    assert pace.figures() == "0 of 2,000"
    pace.done, now = 500, 600.0
    assert pace.figures() == "500 of 2,000, 60 a minute, 25 min left"
    pace.done, now = 2000, 700.0
    assert pace.figures() == "2,000 of 2,000, 3 a second"


def test_without_a_total_only_the_number_is_known() -> None:
    pace = Pace(None)
    pace.done = 1234
    assert pace.figures() == "1,234"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (89, "89 s"), (90, "2 min"), (5000, "83 min"), (12000, "3 h 20 min")],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


def test_rates() -> None:
    assert rate_text(0.5) == "30 a minute"
    assert rate_text(1500) == "1,500 a second"


def test_elsewhere_than_on_a_terminal_there_are_plain_lines_now_and_then(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with showing("Tagging", 3) as advance:
        advance(1)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "LINE_SECONDS", 0.0)
    with showing("Tagging", 3) as advance:
        advance(3)
    assert capsys.readouterr().err.startswith("Tagging: 3 of 3")
