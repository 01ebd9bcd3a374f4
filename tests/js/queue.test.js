import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MAX_ATTEMPTS, PARALLEL, TransitionError, UploadQueue, pauseAfter } from "../../static/js/upload/queue.js";
import { FINAL, TRANSITIONS, UNSENT } from "../../static/js/upload/states.js";

const ROOM = { files: 100, bytes: 1e9 };
const file = (name = "a.jpg", size = 100) => ({ name, size, file: /** @type {any} */ ({ name, size }) });
const ticket = (key = "uploads/a.jpg") => ({
  key, id: "id", method: "PUT", url: "/upload/x", headers: {}, expires_at: "2030-01-01T00:00:00Z",
});

/** Bring an item into the state sending. */
function send(queue, item) {
  queue.move(item, "hashing");
  queue.move(item, "ticket");
  queue.giveTicket(item, ticket(), 0);
  queue.move(item, "sending");
}

describe("the table of states", () => {
  it("leads from every state to an end, and nowhere unknown", () => {
    for (const next of Object.values(TRANSITIONS)) for (const state of next) assert.ok(state in TRANSITIONS);
    const ends = (state, seen = new Set()) =>
      FINAL.includes(state) || (!seen.has(state) && TRANSITIONS[state].some((next) => ends(next, new Set([...seen, state]))));
    for (const state of Object.keys(TRANSITIONS)) assert.ok(ends(state), state);
  });

  it("lets everything that is not sent be cancelled", () => {
    for (const state of UNSENT) assert.ok(TRANSITIONS[state].includes("cancelled"), state);
  });

  it("refuses a step that it does not know", () => {
    const queue = new UploadQueue();
    const item = queue.add(file());
    assert.throws(() => queue.move(item, "tagged"), TransitionError);
    assert.equal(item.state, "waiting");
  });
});

describe("the queue", () => {
  it("prepares in the order of adding, within the room there is", () => {
    const queue = new UploadQueue();
    const items = ["a", "b", "c", "d"].map((name) => queue.add(file(name, 100)));
    assert.deepEqual(queue.nextToPrepare(0, { files: 3, bytes: 250 }), items.slice(0, 2));
    assert.deepEqual(queue.nextToPrepare(0, { files: 3, bytes: 1e9 }), items.slice(0, 3));
  });

  it("always prepares one file, however large", () => {
    const queue = new UploadQueue();
    const item = queue.add(file("large", 1e9));
    assert.deepEqual(queue.nextToPrepare(0, { files: 4, bytes: 10 }), [item]);
  });

  it(`sends ${PARALLEL} at once and no more`, () => {
    const queue = new UploadQueue();
    for (let n = 0; n < PARALLEL + 2; n += 1) {
      const item = queue.add(file(`${n}`));
      queue.move(item, "hashing");
      queue.move(item, "ticket");
      queue.giveTicket(item, ticket(`uploads/${n}`), 0);
    }
    const sending = [];
    for (let item = queue.nextToSend(); item; item = queue.nextToSend()) {
      queue.move(item, "sending");
      sending.push(item);
    }
    assert.equal(sending.length, PARALLEL);
    queue.move(sending[0], "pending");
    assert.equal(queue.nextToSend()?.name, `${PARALLEL}`);
  });

  it("puts a passing failure at the end, after a pause that doubles", () => {
    const queue = new UploadQueue();
    const [first, second] = [queue.add(file("first")), queue.add(file("second"))];
    send(queue, first);
    queue.stumble(first, 1000, "No answer.");
    assert.equal(first.state, "waiting");
    assert.equal(first.message, "No answer.");
    assert.equal(first.ticket, null);
    assert.deepEqual(queue.nextToPrepare(1000, ROOM), [second]);
    assert.deepEqual(queue.nextToPrepare(1000 + pauseAfter(1), ROOM), [second, first]);
    assert.equal(pauseAfter(2), 2 * pauseAfter(1));
    assert.equal(pauseAfter(50), 30_000);
  });

  it("gives a file up after enough failures, and retries it from the start", () => {
    const queue = new UploadQueue();
    const item = queue.add(file());
    for (let n = 0; n < MAX_ATTEMPTS; n += 1) {
      send(queue, item);
      queue.stumble(item, 0, "No answer.");
    }
    assert.equal(item.state, "error");
    assert.ok(queue.retry(item));
    assert.deepEqual([item.state, item.attempts, item.notBefore], ["waiting", 0, 0]);
  });

  it("knows when the next one may start", () => {
    const queue = new UploadQueue();
    assert.equal(queue.nextStart(), null);
    const item = queue.add(file());
    queue.move(item, "hashing");
    queue.stumble(item, 5000, "No answer.");
    assert.equal(queue.nextStart(), 5000 + pauseAfter(1));
    queue.wake();
    assert.equal(queue.nextStart(), 0);
  });

  it("cancels one and all that are not sent, and frees their lines", () => {
    const queue = new UploadQueue();
    const items = ["a", "b", "c"].map((name) => queue.add(file(name)));
    send(queue, items[0]);
    send(queue, items[1]);
    queue.move(items[1], "pending");
    assert.ok(queue.cancel(items[0]));
    assert.equal(queue.sending, 0);
    assert.deepEqual(queue.cancelAll(), [items[2]]);
    assert.equal(queue.cancel(items[1]), false);
    assert.equal(items[1].state, "pending");
  });

  it("retries all that stopped, but not what was cancelled or lost with a reload", () => {
    const queue = new UploadQueue();
    const [bad, gone, cancelled] = [queue.add(file("bad")), queue.add(file("gone")), queue.add(file("cancelled"))];
    for (const item of [bad, gone]) {
      queue.move(item, "hashing");
      queue.move(item, "error", { message: "No." });
    }
    gone.file = null;
    queue.cancel(cancelled);
    assert.deepEqual(queue.retryAll(), [bad]);
    assert.ok(queue.retry(cancelled));
  });

  it("counts what goes out once, also when a file is sent twice", () => {
    const queue = new UploadQueue();
    const item = queue.add(file("a", 100));
    send(queue, item);
    queue.progress(item, 60);
    queue.progress(item, 130);
    assert.deepEqual([item.sent, queue.bytesOut], [100, 100]);
    queue.stumble(item, 0, "No answer.");
    assert.equal(item.sent, 0);
    queue.progress(item, 50);
    assert.equal(item.sent, 0);
  });

  it("tells of every change", () => {
    const states = [];
    const queue = new UploadQueue((item) => states.push(item.state));
    const item = queue.add(file());
    send(queue, item);
    queue.move(item, "pending");
    queue.move(item, "tagged");
    assert.deepEqual(states, ["waiting", "hashing", "ticket", "ticket", "sending", "pending", "tagged"]);
  });

  it("forgets a file whole", () => {
    const queue = new UploadQueue();
    const item = queue.add(file());
    send(queue, item);
    queue.remove(item);
    assert.equal(queue.sending, 0);
    assert.equal(queue.items.size, 0);
  });
});
