/**
 * What the tray says: numbers and states in plain words. Pure.
 */

/** @typedef {import("./queue.js").Item} Item */
/** @typedef {import("./totals.js").Totals} Totals */

const NO_BREAK = "\u00a0";

/**
 * Write a number of bytes for a person: "820 KB", "2.1 MB".
 * @param {number} bytes
 */
export function byteSize(bytes) {
  if (bytes < 1000) return `${Math.round(bytes)} bytes`;
  const [unit, value] = bytes < 999_500 ? ["KB", bytes / 1e3] : bytes < 999.5e6 ? ["MB", bytes / 1e6] : ["GB", bytes / 1e9];
  return `${value < 9.95 && unit !== "KB" ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/**
 * Write a time still to go: "9 s left", "4 min left", "2 h left".
 * @param {number} seconds
 */
export function timeLeft(seconds) {
  if (seconds < 59.5) return `${Math.max(1, Math.round(seconds))} s left`;
  if (seconds < 3570) return `${Math.round(seconds / 60)} min left`;
  return `${Math.round(seconds / 3600)} h left`;
}

/**
 * Write a number with its thing: "1 picture", "1,204 pictures".
 * @param {number} count
 * @param {string} one
 * @param {string} [many]
 */
export const count = (count, one, many = `${one}s`) =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;

/**
 * Say in one line how the whole queue stands.
 * @param {Totals} totals
 */
export function summary({ counts, unsent, speed, secondsLeft }) {
  const parts = [];
  if (unsent) parts.push(`${unsent.toLocaleString("en")} to send`);
  if (counts.pending) parts.push(`${counts.pending.toLocaleString("en")} waiting`);
  if (counts.tagged) parts.push(`${counts.tagged.toLocaleString("en")} tagged`);
  if (counts.duplicate) parts.push(`${counts.duplicate.toLocaleString("en")} already here`);
  const wrong = counts.failed + counts.error + counts.rejected;
  if (wrong) parts.push(count(wrong, "problem"));
  if (counts.cancelled) parts.push(`${counts.cancelled.toLocaleString("en")} cancelled`);
  if (unsent && speed > 0) parts.push(`${byteSize(speed)}/s`);
  if (secondsLeft !== null) parts.push(timeLeft(secondsLeft));
  // A line ends between the parts, never within one.
  return parts.map((part) => part.replaceAll(" ", NO_BREAK)).join(`${NO_BREAK}· `);
}

/**
 * Say how one file stands, "" where its progress bar says it.
 * @param {Item} item
 */
export function stateLine(item) {
  switch (item.state) {
    case "waiting":
      return item.message ? `${item.message} Trying again soon.` : "Waiting to be sent";
    case "hashing":
    case "ticket":
      return item.ticket ? "Waiting to be sent" : "Getting ready";
    case "sending":
      return item.sent >= item.size ? "Sent, being stored" : `${byteSize(item.sent)} of ${byteSize(item.size)}`;
    case "pending":
      return "Waiting to be tagged";
    case "tagged":
      return "Tagged";
    case "duplicate":
      return "Already here";
    case "cancelled":
      return "Cancelled";
    default:
      return item.message || "This did not work.";
  }
}

/**
 * Write a confidence as the pages do: rounded down, so that it never looks surer than it is.
 * @param {number} confidence 0-100
 */
export const percent = (confidence) => `${Math.floor(confidence)}${NO_BREAK}%`;
