/**
 * The upload queue: which file is where in its life, and which is next. No DOM, no network, no clock:
 * times come in as milliseconds. sender.js moves the files, tray.js draws them.
 */
import { isUnsent, mayFollow } from "./states.js";

/** @typedef {import("./states.js").State} State */

/**
 * @typedef {object} Ticket
 * @property {string} key
 * @property {string} id
 * @property {string} method
 * @property {string} url
 * @property {Record<string, string>} headers
 * @property {string} expires_at
 */

/**
 * @typedef {object} Item one file
 * @property {number} id
 * @property {File|null} file null for one known from before a reload
 * @property {string} name
 * @property {number} size bytes
 * @property {string} type by content, "" where unknown
 * @property {State} state
 * @property {number} sent bytes sent so far in this attempt
 * @property {number} attempts passing failures so far
 * @property {number} notBefore do not start before this time, ms
 * @property {string} sha256 hex, "" until known
 * @property {string} key object key, "" until known
 * @property {string} imageId "" until known
 * @property {string} message the sentence that goes with the state
 * @property {Ticket|null} ticket
 * @property {number} ticketAt when the ticket came, ms
 */

/** Files sent at once. */
export const PARALLEL = 4;
/** Tries for one file before it is given up. */
export const MAX_ATTEMPTS = 5;
const FIRST_PAUSE_MS = 1000;
const LONGEST_PAUSE_MS = 30_000;

/**
 * Return how long to wait after the given number of failures, in ms: doubling, with a bound.
 * @param {number} failures at least 1
 */
export const pauseAfter = (failures) =>
  Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1));

/** Raised for a step that the table of states does not know: a bug, never a user's doing. */
export class TransitionError extends Error {
  /**
   * @param {State} from
   * @param {State} to
   */
  constructor(from, to) {
    super(`A file cannot go from ${from} to ${to}.`);
    this.name = "TransitionError";
  }
}

export class UploadQueue {
  /** @type {Map<number, Item>} in the order they were added */
  items = new Map();
  /** @type {Set<number>} waiting, the next first: what failed comes back at the end */
  #waiting = new Set();
  /** @type {Set<number>} with a ticket in hand, the next first */
  #ready = new Set();
  /** Files in state sending. */
  sending = 0;
  /** Files that this browser still has something to do for. */
  unsent = 0;
  /** Bytes that went out since the page was opened, for the speed. */
  bytesOut = 0;
  #lastId = 0;
  #onChange;

  /** @param {(item: Item) => void} [onChange] called after each change of one item */
  constructor(onChange = () => {}) {
    this.#onChange = onChange;
  }

  /**
   * Add one file at the end, waiting unless another state is given, and return its item.
   * @param {Partial<Item> & {name: string, size: number}} facts
   * @returns {Item}
   */
  add(facts) {
    /** @type {Item} */
    const item = {
      file: null,
      type: "",
      state: "waiting",
      sent: 0,
      attempts: 0,
      notBefore: 0,
      sha256: "",
      key: "",
      imageId: "",
      message: "",
      ticket: null,
      ticketAt: 0,
      ...facts,
      id: ++this.#lastId,
    };
    this.items.set(item.id, item);
    if (item.state === "waiting") this.#waiting.add(item.id);
    if (isUnsent(item.state)) this.unsent += 1;
    this.#onChange(item);
    return item;
  }

  /**
   * Move a file to another state, with what is new about it.
   * @param {Item} item
   * @param {State} state
   * @param {Partial<Item>} [facts]
   * @throws {TransitionError} where the table has no such step
   */
  move(item, state, facts = {}) {
    if (!mayFollow(item.state, state)) throw new TransitionError(item.state, state);
    if (item.state === "sending") this.sending -= 1;
    if (state === "sending") this.sending += 1;
    this.unsent += Number(isUnsent(state)) - Number(isUnsent(item.state));
    this.#waiting.delete(item.id);
    this.#ready.delete(item.id);
    Object.assign(item, { message: "" }, facts, { state });
    if (state === "waiting") this.#waiting.add(item.id);
    if (state === "ticket" && item.ticket) this.#ready.add(item.id);
    if (state !== "sending" && state !== "ticket") item.ticket = null;
    if (isUnsent(state)) item.sent = 0;
    this.#onChange(item);
  }

  /**
   * Put a ticket in the hand of a file that asked for one.
   * @param {Item} item in state ticket
   * @param {Ticket} ticket
   * @param {number} now ms
   */
  giveTicket(item, ticket, now) {
    item.ticket = ticket;
    item.ticketAt = now;
    item.key = ticket.key;
    item.imageId = ticket.id;
    this.#ready.add(item.id);
    this.#onChange(item);
  }

  /**
   * Return the files to prepare next, in order, that may start now.
   * @param {number} now ms
   * @param {{files: number, bytes: number}} room at most this much, but always one file
   * @returns {Item[]}
   */
  nextToPrepare(now, room) {
    const batch = [];
    let bytes = 0;
    for (const id of this.#waiting) {
      const item = this.get(id);
      if (item.notBefore > now) continue;
      if (batch.length && (batch.length >= room.files || bytes + item.size > room.bytes)) break;
      batch.push(item);
      bytes += item.size;
    }
    return batch;
  }

  /**
   * Return the file to send next, null where none is ready or enough are being sent.
   * @returns {Item|null}
   */
  nextToSend() {
    if (this.sending >= PARALLEL) return null;
    for (const id of this.#ready) return this.get(id);
    return null;
  }

  /** How many hold a ticket and wait for a free line. */
  get ready() {
    return this.#ready.size;
  }

  /**
   * Return the time at which the next waiting file may start, null where none waits.
   * @returns {number|null} ms
   */
  nextStart() {
    /** @type {number|null} */
    let soonest = null;
    for (const id of this.#waiting) {
      const { notBefore } = this.get(id);
      if (soonest === null || notBefore < soonest) soonest = notBefore;
    }
    return soonest;
  }

  /**
   * Note how far a file has been sent.
   * @param {Item} item
   * @param {number} sent bytes
   */
  progress(item, sent) {
    if (item.state !== "sending") return;
    const bytes = Math.min(sent, item.size);
    this.bytesOut += Math.max(0, bytes - item.sent);
    item.sent = bytes;
    this.#onChange(item);
  }

  /**
   * Take a passing failure: back to the end of the line after a pause, or given up after enough tries.
   * @param {Item} item
   * @param {number} now ms
   * @param {string} message why, for the person
   */
  stumble(item, now, message) {
    const attempts = item.attempts + 1;
    if (attempts >= MAX_ATTEMPTS) this.move(item, "error", { attempts, message });
    else this.move(item, "waiting", { attempts, message, notBefore: now + pauseAfter(attempts) });
  }

  /**
   * Take a wish to be asked later: back to the end of the line, which costs no try.
   * @param {Item} item
   * @param {number} notBefore ms
   * @param {string} message why, for the person
   */
  postpone(item, notBefore, message) {
    this.move(item, "waiting", { message, notBefore });
  }

  /**
   * Start a stopped file again, at the end of the line.
   * @param {Item} item in state error or cancelled
   * @returns {boolean} false where there is nothing to send any more (it was lost with a reload)
   */
  retry(item) {
    if (!item.file) return false;
    this.move(item, "waiting", { attempts: 0, notBefore: 0 });
    return true;
  }

  /**
   * Start all that stopped with an error again and return them.
   * @returns {Item[]}
   */
  retryAll() {
    const stopped = [...this.items.values()].filter((item) => item.state === "error");
    return stopped.filter((item) => this.retry(item));
  }

  /**
   * Stop a file that has not been sent yet.
   * @param {Item} item
   * @returns {boolean} false where it was too late
   */
  cancel(item) {
    if (!isUnsent(item.state)) return false;
    this.move(item, "cancelled");
    return true;
  }

  /**
   * Stop everything that has not been sent yet and return it.
   * @returns {Item[]}
   */
  cancelAll() {
    return [...this.items.values()].filter((item) => this.cancel(item));
  }

  /** Let all that pause after a failure start now: the connection is back. */
  wake() {
    for (const id of this.#waiting) this.get(id).notBefore = 0;
  }

  /**
   * Forget one file.
   * @param {Item} item
   */
  remove(item) {
    if (item.state === "sending") this.sending -= 1;
    if (isUnsent(item.state)) this.unsent -= 1;
    this.#waiting.delete(item.id);
    this.#ready.delete(item.id);
    this.items.delete(item.id);
  }

  /**
   * @param {number} id
   * @returns {Item}
   */
  get(id) {
    const item = this.items.get(id);
    if (!item) throw new RangeError(`There is no file ${id} in the queue.`);
    return item;
  }
}
