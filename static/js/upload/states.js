/**
 * The life of a file, as a table: what may follow what. Pure.
 *
 * waiting → hashing → ticket → sending → pending → tagged | failed, and the ends in between.
 */

/**
 * @typedef {"waiting"|"hashing"|"ticket"|"sending"|"pending"|"tagged"|"failed"|"duplicate"|"rejected"|"error"
 *   |"cancelled"} State
 */

/** @type {Readonly<Record<State, readonly State[]>>} */
export const TRANSITIONS = Object.freeze({
  waiting: ["hashing", "cancelled"],
  // Back to waiting: a passing failure, or a twin of a file that then was not sent.
  hashing: ["ticket", "waiting", "error", "cancelled"],
  ticket: ["sending", "waiting", "duplicate", "pending", "rejected", "error", "cancelled"],
  sending: ["pending", "waiting", "duplicate", "error", "cancelled"],
  pending: ["tagged", "failed", "error"],
  // The server is asked to tag it again.
  failed: ["pending"],
  error: ["waiting"],
  cancelled: ["waiting"],
  tagged: [],
  duplicate: [],
  // Refused for what it is: only another file helps.
  rejected: [],
});

/** States in which this browser still has something to do for a file. */
export const UNSENT = Object.freeze(
  /** @type {State[]} */ (["waiting", "hashing", "ticket", "sending"]),
);

/** States that are an answer; nothing more happens by itself. */
export const FINAL = Object.freeze(
  /** @type {State[]} */ (["tagged", "failed", "duplicate", "rejected", "error", "cancelled"]),
);

/**
 * Tell whether a file in one state may go to another.
 * @param {State} from
 * @param {State} to
 */
export const mayFollow = (from, to) => TRANSITIONS[from].includes(to);

/** @param {State} state */
export const isUnsent = (state) => UNSENT.includes(state);

/** @param {State} state */
export const isFinal = (state) => FINAL.includes(state);
