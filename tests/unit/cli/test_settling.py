"""A file is looked at when it rests."""

from pathlib import Path

from cli.settling import Settling


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_file_is_due_when_it_has_not_changed_for_a_while(tmp_path: Path) -> None:
    clock = Clock()
    settling = Settling(lambda key: str(tmp_path / key), clock, rest=0.5)
    file = tmp_path / "a.jpg"
    file.write_bytes(b"half")
    settling.add(["a.jpg"])
    assert settling.due() == []
    clock.now += 0.4
    file.write_bytes(b"half and half")
    assert settling.due() == []
    clock.now += 0.4
    assert settling.due() == []
    clock.now += 0.2
    assert settling.due() == ["a.jpg"]
    assert settling.due() == []


def test_what_is_gone_is_due_at_once(tmp_path: Path) -> None:
    settling = Settling(lambda key: str(tmp_path / key), Clock())
    settling.add(["gone.jpg"])
    assert settling.due() == ["gone.jpg"]


def test_one_file_does_not_wait_for_another(tmp_path: Path) -> None:
    clock = Clock()
    settling = Settling(lambda key: str(tmp_path / key), clock, rest=0.5)
    for name in ("a", "b"):
        (tmp_path / name).write_bytes(b"x")
        settling.add([name])
        clock.now += 0.3
    assert settling.due() == ["a"]
