"""SnapStart: what a copy of this process must not share with the others."""

import random
from collections.abc import Callable


def register(let_go: Callable[[], None]) -> bool:
    """Have connections closed before a snapshot, and again after; tell whether there are any.

    The library is a part of Lambda's runtime and of nothing else.
    """
    try:
        from snapshot_restore_py import (  # type: ignore[import-not-found,unused-ignore]
            register_after_restore,
            register_before_snapshot,
        )
    except ImportError:
        return False

    def wake() -> None:
        # Every copy began with the same numbers; what is secret comes from the system, which
        # sees to that itself.
        random.seed()
        let_go()

    register_before_snapshot(let_go)
    register_after_restore(wake)
    return True
