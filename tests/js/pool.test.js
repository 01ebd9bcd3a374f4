import assert from "node:assert/strict";
import { test } from "node:test";

import { each } from "../../static/js/select/pool.js";

test("all are worked on, no more than so many at once, and each is told of", async () => {
  let running = 0;
  let most = 0;
  const told = [];
  const result = await each([1, 2, 3, 4, 5, 6, 7], async (number) => {
    most = Math.max(most, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1));
    running -= 1;
    if (number === 3) throw new Error("not this one");
  }, { atOnce: 3, tell: (done) => told.push(done) });
  assert.equal(most, 3);
  assert.equal(result.done, 6);
  assert.deepEqual(result.failed.map(({ message }) => message), ["not this one"]);
  assert.deepEqual(told, [1, 2, 3, 4, 5, 6, 7]);
});

test("stopped, it begins no more", async () => {
  const stop = new AbortController();
  const seen = [];
  await each([1, 2, 3, 4], async (number) => {
    seen.push(number);
    if (number === 2) stop.abort();
  }, { atOnce: 1, signal: stop.signal });
  assert.deepEqual(seen, [1, 2]);
});
