/**
 * What is said to screen readers while files are on their way: few sentences, at the turns that matter. Pure.
 */
import { count } from "./words.js";

/** @typedef {import("./totals.js").Totals} Totals */

/**
 * Return the sentence for a change of the whole queue, "" where there is nothing worth saying.
 * @param {Totals} before
 * @param {Totals} after
 * @returns {string}
 */
export function report(before, after) {
  const { counts } = after;
  if (after.files > before.files && after.unsent > before.unsent) {
    return `${count(after.files - before.files, "picture")} added.`;
  }
  const refused = counts.rejected - before.counts.rejected;
  if (refused > 0) return `${count(refused, "file")} refused: not a picture that can be taken.`;
  if (before.unsent && !after.unsent && counts.pending) {
    return `All sent. ${count(counts.pending, "picture")} waiting to be tagged.`;
  }
  const open = after.unsent + counts.pending;
  const news = before.unsent + before.counts.pending > 0 || after.files > before.files;
  return open === 0 && news ? `Done: ${ending(after)}.` : "";
}

/** @param {Totals} totals */
function ending({ counts }) {
  const wrong = counts.failed + counts.error + counts.rejected;
  const parts = [
    counts.tagged && `${counts.tagged} tagged`,
    counts.duplicate && `${counts.duplicate} already here`,
    wrong && `${wrong} not tagged`,
    counts.cancelled && `${counts.cancelled} cancelled`,
  ];
  return parts.filter(Boolean).join(", ");
}
