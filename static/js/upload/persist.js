/**
 * What the tray knows, kept over a reload of this tab (sessionStorage). The files themselves cannot be kept:
 * what was not sent yet comes back as interrupted, and says so.
 */
import { TRANSITIONS, isUnsent } from "./states.js";

/** @typedef {import("./queue.js").Item} Item */

export const STORAGE_KEY = "taglight.uploads";
/** More would make each saving slow; the oldest that have their answer are dropped first. */
export const MOST_KEPT = 500;
export const INTERRUPTED = "Stopped before it was sent, because the page was left. Add the file again.";

/**
 * Write the items as text to keep.
 * @param {Item[]} items
 * @returns {string}
 */
export function freeze(items) {
  const isOpen = (/** @type {Item} */ item) => item.state === "pending" || isUnsent(item.state);
  const open = items.filter(isOpen);
  const answered = items.filter((item) => !isOpen(item));
  const room = Math.max(0, MOST_KEPT - open.length);
  const kept = new Set([...open.slice(-MOST_KEPT), ...(room ? answered.slice(-room) : [])]);
  return JSON.stringify(
    items
      .filter((item) => kept.has(item))
      .map(({ name, size, state, key, imageId, message }) => ({ name, size, state, key, imageId, message })),
  );
}

/**
 * Read the items back, those that were not sent as errors; [] from a text that makes no sense.
 * @param {string|null} text
 * @returns {(Pick<Item, "name"|"size"|"state"|"key"|"imageId"|"message">)[]}
 */
export function thaw(text) {
  let rows;
  try {
    rows = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(rows)) return [];
  return rows.filter(isWhole).map(({ name, size, state, key, imageId, message }) =>
    isUnsent(state)
      ? { name, size, state: "error", key: "", imageId: "", message: INTERRUPTED }
      : { name, size, state, key, imageId, message },
  );
}

/** @param {any} row */
const isWhole = (row) =>
  row !== null &&
  typeof row === "object" &&
  ["name", "key", "imageId", "message"].every((field) => typeof row[field] === "string") &&
  typeof row.size === "number" &&
  Object.hasOwn(TRANSITIONS, row.state) &&
  (row.state !== "pending" || row.key !== "");
