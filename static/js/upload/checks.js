/**
 * What can be told about a file before anything is sent: its size, and by its first bytes what it is. Pure.
 */
import { byteSize } from "./words.js";

/** So many bytes from the start of a file are enough to tell its type. */
export const HEAD_BYTES = 64;

const MEBIBYTE = 1024 * 1024;
const KINDS = "JPEG, PNG, WebP, GIF, AVIF, TIFF, BMP and HEIC";

/** @typedef {{ok: true, type: string} | {ok: false, code: string, message: string}} Verdict */

/**
 * @param {Uint8Array} head
 * @param {number} start
 * @param {string} text
 */
const reads = (head, start, text) =>
  head.length >= start + text.length &&
  [...text].every((letter, i) => head[start + i] === letter.charCodeAt(0));

/** @type {[type: string, test: (head: Uint8Array) => boolean][]} */
const MAGIC = [
  ["image/jpeg", (head) => reads(head, 0, "\xff\xd8\xff")],
  ["image/png", (head) => reads(head, 0, "\x89PNG\r\n\x1a\n")],
  ["image/gif", (head) => reads(head, 0, "GIF87a") || reads(head, 0, "GIF89a")],
  ["image/webp", (head) => reads(head, 0, "RIFF") && reads(head, 8, "WEBP")],
  ["image/tiff", (head) => ["II*\0", "MM\0*", "II+\0", "MM\0+"].some((mark) => reads(head, 0, mark))],
  // "BM" alone also starts many a text: the bytes that must be zero, and a size of header that exists.
  ["image/bmp", (head) => reads(head, 0, "BM") && reads(head, 6, "\0\0\0\0") && head[14] >= 12 && head[15] === 0],
];

const HEIF_BRANDS = new Map([
  ["avif", "image/avif"], ["avis", "image/avif"],
  ["heic", "image/heic"], ["heix", "image/heic"], ["heim", "image/heic"], ["heis", "image/heic"],
  ["hevc", "image/heic"], ["hevx", "image/heic"],
  ["mif1", "image/heif"], ["msf1", "image/heif"],
]);

/**
 * Return the brands of an ISO media file (HEIC, AVIF, but also MP4), the major one first.
 * @param {Uint8Array} head
 * @returns {string[]}
 */
function brands(head) {
  if (!reads(head, 4, "ftyp")) return [];
  const size = new DataView(head.buffer, head.byteOffset, head.byteLength).getUint32(0);
  const end = Math.min(head.length, size);
  const found = [];
  for (let at = 8; at + 4 <= end; at += 4) {
    // The four bytes after the major brand are its version.
    if (at !== 12) found.push(String.fromCharCode(...head.subarray(at, at + 4)));
  }
  return found;
}

/**
 * Tell the content type of a picture by its first bytes, "" where it is none that Taglight reads.
 * @param {Uint8Array} head at least the first HEAD_BYTES of the file, or all of it
 * @returns {string}
 */
export function contentType(head) {
  const found = MAGIC.find(([, test]) => test(head));
  if (found) return found[0];
  const types = brands(head).map((brand) => HEIF_BRANDS.get(brand) ?? "");
  // mif1 says only "some HEIF": a more telling brand beside it wins.
  return types.find((type) => type && type !== "image/heif") ?? types.find(Boolean) ?? "";
}

/**
 * Judge a file by its size.
 * @param {number} size bytes
 * @param {number} maxBytes
 * @returns {Verdict}
 */
export function checkSize(size, maxBytes) {
  if (size === 0) return { ok: false, code: "empty", message: "This file is empty." };
  if (size > maxBytes) {
    // Limits are set in round binary numbers, and said so.
    const most = maxBytes % MEBIBYTE ? byteSize(maxBytes) : `${maxBytes / MEBIBYTE} MB`;
    const message = `This file is too large: ${byteSize(size)}, and ${most} is the most.`;
    return { ok: false, code: "too_large", message };
  }
  return { ok: true, type: "" };
}

/**
 * Judge a file by its size and its first bytes.
 * @param {number} size bytes
 * @param {Uint8Array} head
 * @param {number} maxBytes
 * @returns {Verdict}
 */
export function checkFile(size, head, maxBytes) {
  const bySize = checkSize(size, maxBytes);
  if (!bySize.ok) return bySize;
  const type = contentType(head);
  if (type) return { ok: true, type };
  const message = `This is not a picture that Taglight can read. It takes ${KINDS}.`;
  return { ok: false, code: "not_a_picture", message };
}
