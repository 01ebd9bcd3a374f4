/** The latest searches of this browser. */
import { withRecent } from "./word.js";

const KEY = "taglight.recent";

/** @returns {string[]} newest first */
export function recent() {
  try {
    return withRecent(JSON.parse(localStorage.getItem(KEY) ?? "[]"), "");
  } catch {
    return [];
  }
}

/** @param {string} text */
export function remember(text) {
  try {
    localStorage.setItem(KEY, JSON.stringify(withRecent(recent(), text)));
  } catch {
    // A full or forbidden storage costs only this convenience.
  }
}
