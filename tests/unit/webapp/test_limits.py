"""A limit counts for each name and forgets in time."""

from webapp.limits import MOST_REMEMBERED, Limit


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_so_many_and_no_more_until_the_time_is_over() -> None:
    clock = Clock()
    limit = Limit(3, 60, clock=clock)
    assert [limit.wait("a") for _ in range(4)] == [0, 0, 0, 60]
    assert limit.wait("b") == 0
    clock.now = 45
    assert limit.wait("a") == 15
    clock.now = 60
    assert limit.wait("a") == 0


def test_what_is_right_starts_afresh() -> None:
    limit = Limit(1, 60)
    limit.wait("a")
    limit.forget("a")
    assert limit.wait("a") == 0


def test_one_request_larger_than_the_limit_goes_through_alone() -> None:
    limit = Limit(10, 60, clock=Clock())
    assert limit.wait("a", 100) == 0
    assert limit.wait("a", 1) == 60


def test_a_flood_of_names_does_not_fill_the_memory() -> None:
    limit = Limit(1, 60, clock=Clock())
    for number in range(MOST_REMEMBERED + 500):
        limit.wait(str(number))
    assert len(limit._spent) <= MOST_REMEMBERED
