/**
 * New files on their way into the queue: looked at first, so that what is no picture is refused before
 * anything is sent.
 */
import { HEAD_BYTES, checkFile, checkSize } from "./checks.js";

/** @typedef {import("./queue.js").Item} Item */

/** Files looked at together. */
const AT_ONCE = 50;

/**
 * Judge files and return what the queue needs to know of each, a handful at a time.
 * @param {File[]} files
 * @param {number} maxBytes
 * @param {(facts: (Partial<Item> & {name: string, size: number})[]) => void} take
 */
export async function lookAt(files, maxBytes, take) {
  for (let start = 0; start < files.length; start += AT_ONCE) {
    const some = files.slice(start, start + AT_ONCE);
    take(await Promise.all(some.map((file) => factsOf(file, maxBytes))));
  }
}

/**
 * @param {File} file
 * @param {number} maxBytes
 * @returns {Promise<Partial<Item> & {name: string, size: number}>}
 */
async function factsOf(file, maxBytes) {
  const { name, size } = file;
  const verdict = await judge(file, maxBytes);
  if (!verdict.ok) return { name, size, state: "rejected", message: verdict.message };
  return { name, size, file, type: verdict.type };
}

/**
 * @param {File} file
 * @param {number} maxBytes
 * @returns {Promise<import("./checks.js").Verdict>}
 */
async function judge(file, maxBytes) {
  const bySize = checkSize(file.size, maxBytes);
  if (!bySize.ok) return bySize;
  try {
    const head = await file.slice(0, HEAD_BYTES).arrayBuffer();
    return checkFile(file.size, new Uint8Array(head), maxBytes);
  } catch {
    // What a folder looks like where the browser hands it over as a file.
    return { ok: false, code: "unreadable", message: "This file cannot be read. Is it a folder, or was it moved?" };
  }
}
