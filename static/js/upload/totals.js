/**
 * Sums over the queue: how many are where, how fast it goes, how long it still takes. Pure: times are given.
 */
import { isUnsent } from "./states.js";

/** @typedef {import("./queue.js").Item} Item */
/** @typedef {import("./states.js").State} State */

/** The speed is that of the last so many milliseconds. */
export const WINDOW_MS = 5000;
/** Less than this is too short to tell a speed from. */
const LEAST_MS = 500;

/**
 * @typedef {object} Totals
 * @property {number} files
 * @property {Record<State, number>} counts
 * @property {number} unsent files that this browser still has to send
 * @property {number} bytesLeft bytes still to send
 * @property {number} speed bytes a second, 0 where not known
 * @property {number|null} secondsLeft null where not known
 * @property {number} done share of the bytes to send that is sent, 0-1
 */

/** Keeps what went out when, and tells the speed from it. */
export class Speedometer {
  /** @type {{at: number, bytes: number}[]} */
  #samples = [];

  /**
   * Note the bytes that went out so far.
   * @param {number} now ms
   * @param {number} bytes since the page was opened
   */
  note(now, bytes) {
    this.#samples.push({ at: now, bytes });
    while (this.#samples.length > 2 && this.#samples[1].at <= now - WINDOW_MS) this.#samples.shift();
  }

  /** Forget the past: nothing is being sent. */
  reset() {
    this.#samples = [];
  }

  /**
   * Return bytes a second over the last seconds, 0 where too little is known.
   * @param {number} now ms
   */
  speed(now) {
    const first = this.#samples[0];
    const last = this.#samples.at(-1);
    if (!first || !last || now - first.at < LEAST_MS) return 0;
    return ((last.bytes - first.bytes) * 1000) / (now - first.at);
  }
}

/**
 * Sum the queue up.
 * @param {Iterable<Item>} items
 * @param {number} speed bytes a second
 * @returns {Totals}
 */
export function totals(items, speed = 0) {
  /** @type {Record<State, number>} */
  const counts = {
    waiting: 0, hashing: 0, ticket: 0, sending: 0, pending: 0, tagged: 0,
    failed: 0, duplicate: 0, rejected: 0, error: 0, cancelled: 0,
  };
  let files = 0;
  let unsent = 0;
  let bytes = 0;
  let sent = 0;
  for (const item of items) {
    files += 1;
    counts[item.state] += 1;
    if (isUnsent(item.state)) {
      unsent += 1;
      bytes += item.size;
      sent += item.sent;
    } else if (["pending", "tagged", "failed"].includes(item.state)) {
      bytes += item.size;
      sent += item.size;
    }
  }
  const bytesLeft = bytes - sent;
  const secondsLeft = unsent && speed > 0 ? bytesLeft / speed : null;
  return { files, counts, unsent, bytesLeft, speed, secondsLeft, done: bytes ? sent / bytes : 0 };
}
