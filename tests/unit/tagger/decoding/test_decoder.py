"""Pictures are opened in another process, and whatever becomes of it they get an answer."""

import io
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tagger.decoding import Decoder
from tagger.decoding.budget import Budget
from tagger.errors import PictureError
from tagger.imaging import Limits, open_here
from tests import pictures

MIB = 2**20


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    with Decoder() as decoder:
        yield decoder


def file(data: bytes) -> io.BytesIO:
    return io.BytesIO(data)


def processes() -> list[psutil.Process]:
    """Return the decoding processes that run for this one."""
    return [
        child
        for child in psutil.Process().children()
        if child.status() != psutil.STATUS_ZOMBIE and "tagger.decoding.child" in child.cmdline()
    ]


def refused(decoder: Decoder, data: bytes, limits: Limits | None = None) -> PictureError:
    with pytest.raises(PictureError) as caught:
        decoder(file(data), limits or Limits())
    return caught.value


def test_a_picture_is_the_same_as_when_it_is_opened_here(decoder: Decoder) -> None:
    data = pictures.with_exif()
    there, here = decoder(file(data), Limits()), open_here(file(data), Limits())
    assert there.picture.image.tobytes() == here.picture.image.tobytes()
    assert (there.properties, there.thumbnails) == (here.properties, here.thumbnails)
    for name in ("width", "height", "content_type", "taken_at", "camera"):
        assert getattr(there.picture, name) == getattr(here.picture, name)


def test_a_file_of_the_disk_is_handed_over_as_it_is(decoder: Decoder, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(pictures.encode(pictures.asymmetric(), "png"))
    with path.open("rb") as opened:
        opened.read(10)
        assert decoder(opened, Limits()).picture.width == 120


def test_the_recogniser_gets_no_more_pixels_than_it_has_use_for() -> None:
    with Decoder(short_side=300) as decoder:
        picture = decoder(file(pictures.encode(pictures.noise(1300, 1000))), Limits()).picture
    assert (picture.width, picture.height) == (1300, 1000)
    assert picture.image.size == (434, 334)


def test_one_process_opens_many_pictures_and_ends_with_us() -> None:
    with Decoder() as decoder:
        decoder(file(pictures.with_exif()), Limits())
        (first,) = processes()
        refused(decoder, pictures.svg())
        refused(decoder, pictures.truncated())
        decoder(file(pictures.with_exif()), Limits())
        assert processes() == [first]
    assert processes() == []


def test_it_knows_none_of_our_secrets(decoder: Decoder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "made up")
    decoder.prepare()
    (process,) = processes()
    assert "AWS_SECRET_ACCESS_KEY" not in process.environ()


def test_a_killed_process_costs_nothing_but_its_picture_another_try(decoder: Decoder) -> None:
    decoder.prepare()
    (process,) = processes()
    process.send_signal(signal.SIGKILL)
    assert decoder(file(pictures.with_exif()), Limits()).picture.width == 120


@pytest.mark.parametrize(
    ("how", "code"),
    [("SIGKILL", "out_of_memory"), ("SIGSEGV", "damaged"), ("SIGXCPU", "too_slow")],
)
def test_a_picture_that_ends_the_process_each_time_gets_a_sentence(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch, how: str, code: str
) -> None:
    end_on_every_picture(monkeypatch, f"os.kill(os.getpid(), signal.{how})")
    error = refused(decoder, pictures.with_exif())
    assert error.code == code
    assert error.message.endswith(".")
    monkeypatch.undo()
    assert decoder(file(pictures.with_exif()), Limits()).picture.width == 120


def test_a_picture_that_never_comes_to_an_end_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    end_on_every_picture(monkeypatch, "time.sleep(600)")
    with Decoder(budget=Budget(64 * MIB, seconds=0.2)) as decoder:
        assert refused(decoder, pictures.with_exif()).code == "too_slow"
        assert processes() == []


def test_a_picture_that_takes_too_much_of_the_processor_is_stopped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    end_on_every_picture(monkeypatch, "\nwhile True: pass")
    with Decoder(budget=Budget(64 * MIB, cpu_seconds=0, seconds=100)) as decoder:
        assert refused(decoder, pictures.with_exif()).code == "too_slow"


@pytest.mark.skipif("sys.platform != 'linux'", reason="only Linux counts what a process asks for")
def test_memory_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    end_on_every_picture(monkeypatch, "bytearray(200 * 2**20)")
    rested: list[bool] = []
    budget = Budget(64 * MIB, alone=128 * MIB)
    with Decoder(budget=budget, rest=lambda: rested.append(True)) as decoder:
        assert refused(decoder, pictures.with_exif()).code == "out_of_memory"
    assert rested == [True]


def test_a_picture_that_needs_more_is_opened_when_nothing_else_is_held() -> None:
    rested: list[bool] = []
    data = pictures.encode(pictures.noise(1000, 800), "png")
    budget = Budget(2 * MIB)  # 3.2 MB of pixels
    with Decoder(budget=budget, rest=lambda: rested.append(True)) as decoder:
        assert decoder(file(data), Limits()).picture.width == 1000
    assert rested == [True]


def test_threads_share_few_processes() -> None:
    data = pictures.encode(pictures.noise(300, 200), "png")
    seen: list[int] = []
    with Decoder(2) as decoder:

        def work() -> None:
            for _ in range(5):
                seen.append(decoder(file(data), Limits()).picture.width)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(processes()) <= 2
    assert seen == [300] * 20


def test_where_no_process_can_be_started_the_picture_is_opened_here(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere/python")
    with Decoder() as decoder:
        for _ in range(2):
            assert decoder(file(pictures.with_exif()), Limits()).picture.width == 120
        assert refused(decoder, pictures.svg()).code == "unsupported"
    assert caplog.text.count("No process can be started") == 1


OWNER = """
import signal
from tagger.decoding import Decoder
from tests.unit.tagger.decoding.test_decoder import processes
decoder = Decoder()
decoder.prepare()
print(processes()[0].pid, flush=True)
signal.pause()
"""


def test_it_ends_when_its_owner_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", OWNER], stdout=subprocess.PIPE) as owner:
        assert owner.stdout
        process = psutil.Process(int(owner.stdout.readline()))
        owner.kill()
    process.wait(30)


def end_on_every_picture(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have the processes that start from now on do this in the place of opening a picture."""
    program = (
        "import os, signal, time\n"
        "from tagger.decoding import child\n"
        "def deed(*_):\n"
        + "".join(f"    {line}\n" for line in code.strip().splitlines())
        + "child.open_here = deed\n"
        "child.main()\n"
    )
    monkeypatch.setattr("tagger.decoding.process.PROGRAM", ("-P", "-c", program))
