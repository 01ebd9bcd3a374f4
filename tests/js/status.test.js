import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Answers, UNKNOWN_FOR_MS } from "../../static/js/upload/answers.js";
import { UploadQueue } from "../../static/js/upload/queue.js";
import { LARGEST_QUESTION, StatusWatcher, chooseKeys, nextPause } from "../../static/js/upload/status.js";

/** A world whose clock stands still until it is told to go on, and that answers from a table. */
function makeWorld(answers) {
  const world = {
    questions: /** @type {string[][]} */ ([]),
    pauses: /** @type {number[]} */ ([]),
    waiting: /** @type {(() => void)|null} */ (null),
    ask: async (keys) => {
      world.questions.push(keys);
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      return { images: answer ?? [] };
    },
    tell: (statuses) => new Set(statuses.map(({ key }) => key)),
    later: (action, ms) => {
      world.pauses.push(ms);
      world.waiting = action;
      return ms;
    },
    never: () => {
      world.waiting = null;
    },
    /** Let the pause pass and the question be answered. */
    goOn: async () => {
      const action = world.waiting;
      world.waiting = null;
      action?.();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
  return world;
}

describe("the pause between questions", () => {
  it("grows while nothing happens, with a bound, and is short again after news", () => {
    const pauses = [300];
    for (let n = 0; n < 30; n += 1) pauses.push(nextPause(/** @type {number} */ (pauses.at(-1)), false));
    assert.ok(pauses[1] > pauses[0]);
    assert.equal(pauses.at(-1), 10_000);
    assert.equal(nextPause(10_000, true), 300);
  });
});

describe("the keys of one question", () => {
  it("are all where they fit, else the oldest half and the others in turn", () => {
    const keys = Array.from({ length: 230 }, (_, n) => `k${n}`);
    assert.deepEqual(chooseKeys(keys.slice(0, 100), 5), keys.slice(0, 100));
    const asked = new Set();
    for (let turn = 0; turn < 4; turn += 1) {
      const chosen = chooseKeys(keys, turn);
      assert.ok(chosen.length <= LARGEST_QUESTION);
      assert.deepEqual(chosen.slice(0, 50), keys.slice(0, 50));
      chosen.forEach((key) => asked.add(key));
    }
    assert.equal(asked.size, keys.length);
  });
});

describe("the watcher", () => {
  it("asks until each key has its answer, then rests", async () => {
    const world = makeWorld([[], [{ key: "a" }], [{ key: "b" }]]);
    const watcher = new StatusWatcher(world);
    watcher.watch("a");
    watcher.watch("b");
    for (let n = 0; n < 3; n += 1) await world.goOn();
    assert.deepEqual(world.questions, [["a", "b"], ["a", "b"], ["b"]]);
    assert.equal(world.waiting, null);
    assert.equal(watcher.size, 0);
  });

  it("slows down without news and goes on after a failed question", async () => {
    const world = makeWorld([[], new Error("no connection"), [], [{ key: "a" }]]);
    new StatusWatcher(world).watch("a");
    for (let n = 0; n < 4; n += 1) await world.goOn();
    assert.equal(world.questions.length, 4);
    assert.ok(world.pauses[1] > world.pauses[0] && world.pauses[2] > world.pauses[1]);
  });

  it("is not put off by a stream of new keys, and quick again for one", async () => {
    const world = makeWorld([[], [], []]);
    const watcher = new StatusWatcher(world);
    for (const key of ["a", "b", "c"]) watcher.watch(key);
    assert.equal(world.pauses.length, 1);
    await world.goOn();
    await world.goOn();
    watcher.watch("d");
    assert.equal(world.pauses.at(-1), 300);
  });
});

describe("the answers", () => {
  /** A queue with one picture that waits, and its answers at a clock that is set by hand. */
  function setUp() {
    const clock = { now: 0 };
    const queue = new UploadQueue();
    const item = queue.add({ name: "a.jpg", size: 1, state: "pending", key: "uploads/a.jpg" });
    return { clock, item, answers: new Answers(queue, () => clock.now) };
  }
  /** @returns {any[]} */
  const status = (status, error = /** @type {any} */ (null)) => [{ key: "uploads/a.jpg", id: "abc", status, error }];

  it("bring a picture to its end", () => {
    const { item, answers } = setUp();
    assert.equal(answers.take(status("pending")).size, 0);
    assert.equal(answers.take(status("tagged")).size, 1);
    assert.deepEqual([item.state, item.imageId], ["tagged", "abc"]);
  });

  it("tell the reason of a failure", () => {
    const { item, answers } = setUp();
    answers.take(status("failed", { code: "truncated", message: "It ends in the middle." }));
    assert.deepEqual([item.state, item.message], ["failed", "It ends in the middle."]);
  });

  it("wait a while for a picture that is not known yet", () => {
    const { clock, item, answers } = setUp();
    assert.equal(answers.take(status("unknown")).size, 0);
    clock.now = UNKNOWN_FOR_MS + 1;
    assert.equal(answers.take(status("unknown")).size, 1);
    assert.equal(item.state, "error");
    assert.match(item.message, /not in the library/);
  });

  it("let go of keys whose row is gone", () => {
    const { answers } = setUp();
    const other = { key: "uploads/gone.jpg", id: "x", status: /** @type {const} */ ("pending"), error: null };
    assert.deepEqual([...answers.take([other])], ["uploads/gone.jpg"]);
  });
});
