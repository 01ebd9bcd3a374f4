"""Turns, lines and room: who may send, who waits, and who is told when to come again."""

import asyncio

import pytest

from tests.event_loops import run
from webapp import intake
from webapp.errors import RequestError
from webapp.intake import Intake

MIB = 1 << 20


def refusal(error: pytest.ExceptionInfo[RequestError]) -> tuple[int, int]:
    return error.value.status, error.value.facts["retry_after"]


def test_turns_are_taken_in_the_order_of_coming(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 2)
    came: list[int] = []
    most = 0

    async def send(desk: Intake, number: int) -> None:
        nonlocal most
        async with desk.turn():
            came.append(number)
            most = max(most, len(came) - len(gone))
            await asyncio.sleep(0)
            gone.append(number)

    gone: list[int] = []

    async def crowd() -> None:
        desk = Intake()
        await asyncio.gather(*(send(desk, number) for number in range(20)))

    run(crowd())
    assert came == list(range(20))
    assert most == 2


def test_a_line_that_is_too_long_or_too_slow_is_told_when_to_come_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(intake, "AT_ONCE", 1)
    monkeypatch.setattr(intake, "IN_LINE", 1)
    monkeypatch.setattr(intake, "LINE_SECONDS", 0.05)

    async def crowd() -> list[tuple[int, int]]:
        desk = Intake()

        async def come() -> tuple[int, int]:
            with pytest.raises(RequestError) as error:
                async with desk.turn():
                    pass
            return refusal(error)

        async with desk.turn():
            assert not desk.is_crowded
            waiting = asyncio.ensure_future(come())
            await asyncio.sleep(0)
            assert desk.is_crowded
            answers = [await come(), await waiting]
        async with desk.turn():  # the one who has sent makes room
            pass
        return answers

    assert run(crowd()) == [(503, intake.AGAIN_SOON)] * 2


def test_what_is_on_its_way_has_its_room_and_the_rest_is_kept() -> None:
    desk = Intake(space=lambda: (1000 * MIB, 100_000 * MIB), reserve=100 * MIB)
    desk.check()
    with desk.room(500 * MIB), desk.room(300 * MIB):
        with pytest.raises(RequestError, match="disk is full") as error, desk.room(200 * MIB):
            pass
        assert refusal(error) == (503, intake.AGAIN_WHEN_FREE)
        with desk.room(100 * MIB):
            pass
    with desk.room(900 * MIB):
        pass


def test_a_small_disk_is_not_kept_free_altogether() -> None:
    free = 30 * MIB
    desk = Intake(space=lambda: (free, 400 * MIB), reserve=256 * MIB)
    desk.check()
    free = 10 * MIB
    with pytest.raises(RequestError, match="disk is full"):
        desk.check()


def test_with_too_many_waiting_no_more_are_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake, "_COUNT_SECONDS", 0)
    waiting = 9
    desk = Intake(waiting=lambda: waiting, most_waiting=10)
    desk.check()
    waiting = 10
    with pytest.raises(RequestError, match="10 pictures wait to be tagged") as error:
        desk.check()
    assert refusal(error) == (503, intake.AGAIN_LATER)
    waiting = 9
    desk.check()


def test_what_came_since_the_last_count_counts() -> None:
    desk = Intake(waiting=lambda: 0, most_waiting=2)
    desk.check()
    for _ in range(2):
        with desk.room(MIB):
            pass
    with pytest.raises(RequestError, match="2 pictures wait"):
        desk.check()
