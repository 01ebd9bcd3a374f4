"""`benchmarks.backfill` in short: each picture once, in the same memory."""

from benchmarks.backfill import OWED_MB, TENTHS, run


def test_many_pictures_take_no_more_memory_than_few() -> None:
    watch = run(300)
    assert [done for done, *_ in watch.rows] == [30 * tenth for tenth in range(1, TENTHS + 1)]
    assert watch.grown < OWED_MB / 4
