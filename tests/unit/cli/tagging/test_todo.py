"""A plan of any size takes the same memory, and comes back as it was written."""

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace

from catalog.records import ImageRecord
from cli.tagging.plan import Plan, Planner
from cli.tagging.todo import Todo, TodoList
from tagger.pipeline import TaggingSettings
from tests.fakes import MemoryStore, ToldRecognizer
from tests.view_records import picture


def test_what_is_added_comes_back_in_order_as_often_as_one_likes() -> None:
    keys = ["uploads/a.png", "uploads/line\nbreak.png", "uploads/ü \u2028.png"]
    listed = TodoList(Todo(key, again=bool(n % 2), calls=not n) for n, key in enumerate(keys))
    assert len(listed) == 3
    first = iter(listed)
    assert next(first) == Todo(keys[0], again=False, calls=True)
    listed.append(Todo("uploads/late.png", again=True, calls=True))
    assert [todo.key for todo in listed] == [*keys, "uploads/late.png"]
    assert [todo.key for todo in first] == keys[1:]  # what was there when it began


def test_the_memory_of_a_plan_does_not_grow_with_the_library() -> None:
    usual = picture(status="pending")

    def peak(count: int) -> int:
        def records() -> Iterator[ImageRecord]:
            for number in range(count):
                yield replace(usual, id=f"{number:026}", key=f"uploads/2026/11/{number:08}.png")

        planner = Planner(
            MemoryStore(), ToldRecognizer(), TaggingSettings(), retag=False, force=False
        )
        tracemalloc.start()
        try:
            plan: Plan = planner.plan(records(), lambda _: None)
            assert sum(1 for _ in plan.todo) == plan.new == count
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    peak(5_000)  # what is imported, and what is remembered up to a bound
    few, many = peak(5_000), peak(20_000)
    assert many - few < 15_000 * 20, "so many bytes more for each picture"
