import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { INTERRUPTED, MOST_KEPT, freeze, thaw } from "../../static/js/upload/persist.js";
import { UploadQueue } from "../../static/js/upload/queue.js";

/** Items in the given states. */
function items(...states) {
  const queue = new UploadQueue();
  return states.map((state, n) =>
    queue.add({ name: `${n}.jpg`, size: 10, state, key: `uploads/${n}.jpg`, imageId: `id${n}`, message: state }),
  );
}

describe("what survives a reload", () => {
  it("keeps what waits and what has its answer as they are", () => {
    const kept = thaw(freeze(items("pending", "tagged", "failed", "duplicate")));
    assert.deepEqual(kept.map(({ state, key, imageId }) => [state, key, imageId])[0], ["pending", "uploads/0.jpg", "id0"]);
    assert.deepEqual(kept.map(({ state }) => state), ["pending", "tagged", "failed", "duplicate"]);
    assert.equal(kept[2].message, "failed");
  });

  it("says honestly what was interrupted", () => {
    for (const state of ["waiting", "hashing", "ticket", "sending"]) {
      const [row] = thaw(freeze(items(state)));
      assert.deepEqual([row.state, row.message, row.key], ["error", INTERRUPTED, ""], state);
    }
  });

  it("drops the oldest answers first, never what is still open", () => {
    const many = items(...Array(MOST_KEPT).fill("tagged"), "pending", "waiting");
    const kept = thaw(freeze(many));
    assert.equal(kept.length, MOST_KEPT);
    assert.deepEqual(kept.slice(-2).map(({ state }) => state), ["pending", "error"]);
    assert.equal(kept[0].name, "2.jpg");
  });

  it("takes nothing from a text that makes no sense", () => {
    for (const text of [null, "", "{", "{}", "null", "[null, 3, {}]", '[{"name": "a", "state": "flying"}]']) {
      assert.deepEqual(thaw(text), [], String(text));
    }
    const odd = { name: "a", size: 1, key: "", imageId: "", message: "", state: "pending" };
    assert.deepEqual(thaw(JSON.stringify([odd, { ...odd, state: "toString" }])), []);
  });
});
