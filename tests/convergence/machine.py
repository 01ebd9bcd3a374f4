"""The state machine: hypothesis decides what happens next, to whom, and who is stopped."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from catalog.database import Database
from catalog.storage import ObjectStore
from tests.convergence.actors import SteppingDatabase
from tests.convergence.resting import check_agreement, check_nothing_is_gone
from tests.convergence.world import CONTENTS, KEYS, World

T = TypeVar("T")
MOST_ACTORS = 4
Place = Callable[[], AbstractContextManager[tuple[ObjectStore, SteppingDatabase, Database]]]

keys = st.sampled_from([KEYS[0], KEYS[0], KEYS[0], KEYS[1]])  # that they meet
contents = st.sampled_from(sorted(CONTENTS))
noticed = st.booleans()
draws = st.data()


def one_of(data: Any, items: Sequence[T]) -> T:
    """Draw one by its place: hypothesis tells objects apart by where they lie in memory."""
    place: int = data.draw(st.integers(0, len(items) - 1))
    return items[place]


@dataclass
class Told:
    """What came of many examples; `digest` is the same where the same has happened."""

    examples: int = 0
    faults: dict[str, int] = field(default_factory=dict)
    most_rounds: int = 0
    happened: Any = field(default_factory=hashlib.sha256)

    @property
    def digest(self) -> str:
        """Tell apart what has happened, operation by operation."""
        return str(self.happened.hexdigest())[:16]


class Machine(RuleBasedStateMachine):
    """One library; `place` gives its store, its catalog, and an empty catalog to compare with."""

    def __init__(self, place: Place, told: Told) -> None:
        super().__init__()
        self._told = told
        self._place = place()
        store, database, self._fresh = self._place.__enter__()
        self.world = World(store, database)
        self._number = 0

    def _next(self, what: str) -> str:
        self._number += 1
        return f"{what} {self._number}."

    def _has_room(self) -> bool:
        return len(self.world.actors) < MOST_ACTORS

    @initialize(content=contents, edited=st.booleans())
    def begin(self, content: str, edited: bool) -> None:
        """Begin with a picture that has its answer, and perhaps a correction."""
        self.world.put_by_hand(KEYS[0], content, noticed=True)
        self.world.drain()
        if edited:
            self.world.edit(KEYS[0], self._next("Rex"))
            self.world.step(self.world.actors[0], 1000)

    @precondition(_has_room)
    @rule(key=keys, content=contents)
    def upload(self, key: str, content: str) -> None:
        self.world.upload(key, content)

    @precondition(_has_room)
    @rule(key=keys, what=st.sampled_from(["delete", "restore", "retry", "edit", "edit"]))
    def person(self, key: str, what: str) -> None:
        if what == "edit":
            self.world.edit(key, self._next("Rex"))
        else:
            getattr(self.world, what)(key)

    @rule(key=keys, content=contents, noticed=noticed)
    def put_by_hand(self, key: str, content: str, noticed: bool) -> None:
        self.world.put_by_hand(key, content, noticed=noticed)

    @rule(key=keys, noticed=noticed)
    def remove_by_hand(self, key: str, noticed: bool) -> None:
        self.world.remove_by_hand(key, noticed=noticed)

    @rule(
        key=keys,
        what=st.sampled_from(["labels", "note", "note", "garbage", "gone", "thumbnail"]),
        noticed=noticed,
    )
    def other_tool(self, key: str, what: str, noticed: bool) -> None:
        world = self.world
        if what == "labels":
            world.put_labels(key, self._next("Dune"), noticed=noticed)
        elif what == "note":
            world.add_note(key, self._next("note"), noticed=noticed)
        elif what == "garbage":
            world.put_document(key, b"{no JSON", noticed=noticed)
        elif what == "gone":
            world.remove_document(key, noticed=noticed)
        else:
            world.remove_thumbnail(key)

    @precondition(lambda self: self._has_room() and (self.world.events or self.world.past))
    @rule(data=draws, again=st.booleans())
    def deliver(self, data: Any, again: bool) -> None:
        events = self.world.past if again or not self.world.events else self.world.events
        self.world.deliver(one_of(data, events or self.world.events))

    @precondition(lambda self: any(event.told_by_store for event in self.world.events))
    @rule(data=draws)
    def lose(self, data: Any) -> None:
        told = [event for event in self.world.events if event.told_by_store]
        self.world.lose(one_of(data, told))

    @precondition(_has_room)
    @rule()
    def compare(self) -> None:
        self.world.compare()

    @precondition(lambda self: self.world.actors)
    @rule(data=draws, steps=st.integers(1, 12), ends=st.sampled_from([False, False, True]))
    def go_on(self, data: Any, steps: int, ends: bool) -> None:
        """Move somebody on, who may then come to an end there."""
        if len(self.world.actors) > 1:
            self.world.count("handlers in each other's way")
        actor = one_of(data, self.world.actors)
        self.world.step(actor, steps)
        if ends and not actor.ended and self.world.may_be_killed(actor):
            self.world.kill(actor)

    @precondition(lambda self: len(self.world.actors) > 1)
    @rule(data=draws, moves=st.lists(st.integers(1, 8), min_size=1, max_size=6))
    def take_turns(self, data: Any, moves: list[int]) -> None:
        """Move on those who are under way, in turn."""
        for steps in moves:
            if self.world.actors:
                self.world.count("handlers in each other's way")
                self.world.step(one_of(data, self.world.actors), steps)

    def teardown(self) -> None:
        """Let the dust settle, and look."""
        try:
            rounds = self.world.settle()
            check_nothing_is_gone(self.world)
            check_agreement(self.world, self._fresh)
        finally:
            self.world.close()
            self._place.__exit__(None, None, None)
        self._told.happened.update("\n".join(self.world.story.lines).encode())
        self._told.examples += 1
        self._told.most_rounds = max(self._told.most_rounds, rounds)
        for fault, count in self.world.faults.items():
            self._told.faults[fault] = self._told.faults.get(fault, 0) + count


def run(place: Place, *, examples: int, steps: int, seed: int | None = None) -> Told:
    """Run so many examples of at most so many steps; without a seed the same ones each time.

    Only with one is the story of a failure made as short as it goes, which takes minutes.
    """
    told = Told()

    def machine() -> Machine:
        return Machine(place, told)

    chosen = settings(
        max_examples=examples,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=seed is None,
        phases=(Phase.generate,) if seed is None else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    factory: Any = machine if seed is None else hypothesis.seed(seed)(machine)
    run_state_machine_as_test(factory, settings=chosen)
    return told
