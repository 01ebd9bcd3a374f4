/**
 * Takes files through hash, ticket and PUT, by the queue's rules. The outside world (hashing, asking for
 * tickets, sending, the clock) comes in, so that it is tested without a browser.
 *
 * Tickets are asked for a few files ahead of the sending: one question for many files costs one round trip,
 * and a ticket lives 15 minutes.
 */
import { ApiError, isPassing, sentenceFor } from "../api.js";
import { PARALLEL } from "./queue.js";
import { isUnsent } from "./states.js";

/** @typedef {import("./queue.js").Item} Item */
/** @typedef {import("./queue.js").Ticket} Ticket */
/** @typedef {import("./put.js").PutResult} PutResult */

/**
 * @typedef {object} World
 * @property {(file: File) => Promise<string>} hash SHA-256 in hex, or ""
 * @property {(files: object[]) => Promise<{uploads: any[]}>} askTickets POST /api/uploads
 * @property {(file: File, ticket: Ticket, options: {signal: AbortSignal, onProgress: (sent: number) => void})
 *   => Promise<PutResult>} put
 * @property {() => number} now ms
 * @property {(action: () => void, ms: number) => unknown} later
 */

/** Files that get their tickets in one question; it begins with few, so that sending begins at once. */
const FIRST_BATCH = PARALLEL;
const LARGEST_BATCH = 32;
const BATCH_BYTES = 32_000_000;
/** A ticket with less than this left is asked for again, ms. */
const TICKET_MARGIN_MS = 30_000;
/** One that has just come is used whatever its end says: by a clock that is ahead of the server's all have ended. */
const JUST_COME_MS = 60_000;
/** A refused ticket is renewed this often at most. */
const TICKET_TRIES = 2;
/** However long a server wants to be left alone, it is asked again after this, ms. */
const LONGEST_QUIET_MS = 300_000;

export class Sender {
  #queue;
  #world;
  /** @type {Map<Item, AbortController>} */
  #aborts = new Map();
  /** @type {Map<string, Item>} by SHA-256: the first of equal files; the others wait for what becomes of it */
  #firsts = new Map();
  /** @type {Map<Item, Item[]>} */
  #twins = new Map();
  #preparing = false;
  /** Until when the server wants to be left alone, ms. */
  #quietUntil = 0;
  #batch = FIRST_BATCH;

  /**
   * @param {import("./queue.js").UploadQueue} queue
   * @param {World} world
   */
  constructor(queue, world) {
    this.#queue = queue;
    this.#world = world;
  }

  /** Start whatever can be started: call it after each addition or retry. */
  pump() {
    if (this.#world.now() < this.#quietUntil) return;
    for (let item = this.#queue.nextToSend(); item; item = this.#queue.nextToSend()) this.#send(item);
    if (!this.#preparing && this.#queue.ready < PARALLEL * 2) this.#prepare();
  }

  /**
   * Take a failure that passes: a busy server or a full disk say when to come again, and then all wait
   * for that and nothing is given up; else each file has its tries.
   * @param {Item} item
   * @param {string} message
   * @param {number} [retryAfter] seconds, 0 where the server does not say
   */
  #comeAgain(item, message, retryAfter = 0) {
    const now = this.#world.now();
    if (!retryAfter) return this.#queue.stumble(item, now, message);
    const until = now + Math.min(retryAfter * 1000, LONGEST_QUIET_MS);
    this.#queue.postpone(item, until, message);
    if (until <= this.#quietUntil) return;
    this.#quietUntil = until;
    this.#world.later(() => this.pump(), until - now);
  }

  /**
   * Stop the sending of cancelled files.
   * @param {Iterable<Item>} items
   */
  abort(items) {
    for (const item of items) {
      this.#aborts.get(item)?.abort();
      this.#settleTwins(item);
    }
    this.pump();
  }

  async #prepare() {
    const now = this.#world.now();
    const batch = this.#queue.nextToPrepare(now, { files: this.#batch, bytes: BATCH_BYTES });
    if (!batch.length) return this.#wakeForNext(now);
    this.#preparing = true;
    this.#batch = Math.min(LARGEST_BATCH, this.#batch * 2);
    try {
      for (const item of batch) this.#queue.move(item, "hashing");
      for (const item of batch) await this.#hash(item);
      await this.#getTickets(batch.filter((item) => item.state === "ticket" && !this.#isTwin(item)));
    } finally {
      this.#preparing = false;
    }
    this.pump();
  }

  /** @param {number} now ms */
  #wakeForNext(now) {
    const start = this.#queue.nextStart();
    if (start !== null) this.#world.later(() => this.pump(), Math.max(10, start - now));
  }

  /** @param {Item} item */
  async #hash(item) {
    if (item.state !== "hashing") return;
    try {
      const sha256 = item.sha256 || (await this.#world.hash(/** @type {File} */ (item.file)));
      if (item.state !== "hashing") return;
      this.#queue.move(item, "ticket", { sha256 });
      this.#rememberFirst(item);
    } catch (error) {
      if (item.state === "hashing") this.#queue.move(item, "error", { message: messageOf(error) });
    }
  }

  /** @param {Item} item */
  #rememberFirst(item) {
    if (!item.sha256) return;
    const first = this.#firsts.get(item.sha256);
    if (first && first !== item && isUnsent(first.state)) {
      this.#twins.set(first, [...(this.#twins.get(first) ?? []), item]);
    } else {
      this.#firsts.set(item.sha256, item);
    }
  }

  /** @param {Item} item */
  #isTwin(item) {
    const first = item.sha256 ? this.#firsts.get(item.sha256) : item;
    return first !== item;
  }

  /**
   * Let equal files follow the first: the same picture once it is sent, their own try where it was not.
   * @param {Item} first
   */
  #settleTwins(first) {
    if (isUnsent(first.state) && first.state !== "waiting") return;
    const twins = (this.#twins.get(first) ?? []).filter((twin) => twin.state === "ticket");
    this.#twins.delete(first);
    const there = ["pending", "tagged", "failed", "duplicate"].includes(first.state);
    if (!there) this.#firsts.delete(first.sha256);
    const facts = { key: first.key, imageId: first.imageId };
    for (const twin of twins) {
      if (there) this.#queue.move(twin, "duplicate", facts);
      else this.#queue.move(twin, "waiting");
    }
  }

  /** @param {Item[]} items in state ticket */
  async #getTickets(items) {
    if (!items.length) return;
    const files = items.map(({ name, size, type, sha256 }) =>
      sha256 ? { name, size, type, sha256 } : { name, size, type },
    );
    try {
      const { uploads } = await this.#world.askTickets(files);
      items.forEach((item, i) => this.#takeAnswer(item, uploads[i]));
    } catch (error) {
      const passing = error instanceof ApiError && error.passing;
      for (const item of items.filter((item) => item.state === "ticket")) {
        if (passing) this.#comeAgain(item, messageOf(error), error.retryAfter);
        else this.#queue.move(item, "error", { message: messageOf(error) });
        this.#settleTwins(item);
      }
    }
  }

  /**
   * @param {Item} item
   * @param {any} answer one of the answer's `uploads`
   */
  #takeAnswer(item, answer) {
    if (item.state !== "ticket") return;
    if (answer.status === "ready") return this.#queue.giveTicket(item, answer, this.#world.now());
    if (answer.status === "duplicate") {
      // A try whose answer was lost has stored it after all: then it is our own, not another's.
      const own = item.attempts > 0 && item.key === answer.key;
      const facts = { key: answer.key, imageId: answer.id };
      this.#queue.move(item, own ? "pending" : "duplicate", facts);
    } else {
      const message = answer.error?.message || "The server does not take this file.";
      this.#queue.move(item, "rejected", { message });
    }
    this.#settleTwins(item);
  }

  /** @param {Item} item with a ticket */
  async #send(item) {
    const ticket = /** @type {Ticket} */ (item.ticket);
    const now = this.#world.now();
    const ends = Date.parse(ticket.expires_at) < now + TICKET_MARGIN_MS;
    if (ends && now - item.ticketAt > JUST_COME_MS) return this.#queue.move(item, "waiting");
    this.#queue.move(item, "sending");
    const abort = new AbortController();
    this.#aborts.set(item, abort);
    try {
      const result = await this.#world.put(/** @type {File} */ (item.file), ticket, {
        signal: abort.signal,
        onProgress: (sent) => this.#queue.progress(item, sent),
      });
      if (item.state === "sending") this.#takeResult(item, result);
    } catch (error) {
      if (item.state === "sending") this.#queue.move(item, "error", { message: messageOf(error) });
    } finally {
      if (this.#aborts.get(item) === abort) this.#aborts.delete(item);
    }
    this.#settleTwins(item);
    this.pump();
  }

  /**
   * @param {Item} item
   * @param {PutResult} result
   */
  #takeResult(item, { status, body, retryAfter }) {
    const now = this.#world.now();
    if (status >= 200 && status < 300) {
      this.#queue.progress(item, item.size);
      if (body.status === "duplicate") {
        this.#queue.move(item, "duplicate", { key: body.key, imageId: body.id });
      } else {
        this.#queue.move(item, "pending", { key: body.key ?? item.key, imageId: body.id ?? item.imageId });
      }
    } else if (status === 412) {
      // Something is under this key, which is made from name and hash: the same picture, by another tab or by
      // a try of ours whose answer was lost. Where it is another picture after all, a new ticket has a new key.
      if (body.same_content === false) this.#queue.stumble(item, now, sentenceFor(status, body));
      else this.#queue.move(item, item.attempts > 0 ? "pending" : "duplicate");
    } else if (status === 400) {
      // Damaged on the way, or the file has changed since it was hashed: hash it again.
      this.#queue.stumble(item, now, "It arrived damaged.");
      item.sha256 = "";
    } else if (status === 403 && item.attempts < TICKET_TRIES) {
      // The ticket has expired after all, by another clock than ours: ask for another one.
      this.#queue.move(item, "waiting", { attempts: item.attempts + 1 });
    } else if (status === 409 || isPassing(status)) {
      this.#comeAgain(item, sentenceFor(status, body), retryAfter);
    } else {
      this.#queue.move(item, "error", { message: sentenceFor(status, body) });
    }
  }
}

/** @param {unknown} error */
const messageOf = (error) => (error instanceof Error ? error.message : "This did not work.");
