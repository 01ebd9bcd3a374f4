/**
 * Takes what the server says of pictures that wait, and moves their files on in the queue.
 */

/** @typedef {import("./queue.js").Item} Item */
/** @typedef {import("./status.js").Status} Status */

/** A picture just sent may be unknown for a moment, while its event travels; after so long it is gone. */
export const UNKNOWN_FOR_MS = 60_000;

export class Answers {
  #queue;
  #now;
  /** @type {Map<string, number>} when a key was first unknown, ms */
  #unknownSince = new Map();

  /**
   * @param {import("./queue.js").UploadQueue} queue
   * @param {() => number} now ms
   */
  constructor(queue, now) {
    this.#queue = queue;
    this.#now = now;
  }

  /**
   * @param {Status[]} statuses
   * @returns {Set<string>} the keys that have their answer
   */
  take(statuses) {
    const byKey = new Map(statuses.map((status) => [status.key, status]));
    const settled = new Set();
    for (const item of this.#queue.items.values()) {
      const status = item.state === "pending" ? byKey.get(item.key) : undefined;
      if (status && this.#takeOne(item, status)) settled.add(item.key);
    }
    // Nobody waits for these any more: their rows are gone.
    const waiting = new Set([...this.#queue.items.values()].filter(isPending).map(({ key }) => key));
    for (const { key } of statuses) if (!waiting.has(key)) settled.add(key);
    return settled;
  }

  /**
   * @param {Item} item in state pending
   * @param {Status} status
   * @returns {boolean} whether this is its answer
   */
  #takeOne(item, { key, id, status, error }) {
    if (status === "unknown") return this.#takeUnknown(item, key);
    this.#unknownSince.delete(key);
    if (status === "pending") return false;
    this.#queue.move(item, status, { imageId: id, message: error?.message ?? "" });
    return true;
  }

  /**
   * @param {Item} item
   * @param {string} key
   */
  #takeUnknown(item, key) {
    const since = this.#unknownSince.get(key) ?? this.#now();
    this.#unknownSince.set(key, since);
    if (this.#now() - since < UNKNOWN_FOR_MS) return false;
    this.#unknownSince.delete(key);
    this.#queue.move(item, "error", { message: "This picture is not in the library any more." });
    return true;
  }
}

/** @param {Item} item */
const isPending = (item) => item.state === "pending";
