/**
 * Send one file to the address its ticket names, with progress: what fetch cannot tell.
 */

import { secondsOf } from "../api.js";

/** With no byte moving for so long the connection counts as lost, ms. */
const STALLED_MS = 60_000;

/**
 * @typedef {object} PutResult
 * @property {number} status HTTP status, 0 where no answer came
 * @property {Record<string, any>} body the JSON answer, {} where there was none
 * @property {number} [retryAfter] in how many seconds to try again, 0 where the server does not say
 */

/**
 * PUT a file and return how it ended; an abort rejects with an AbortError.
 * @param {File} file
 * @param {import("./queue.js").Ticket} ticket
 * @param {{signal: AbortSignal, onProgress: (sent: number) => void}} options sent in bytes
 * @returns {Promise<PutResult>}
 */
export function put(file, ticket, { signal, onProgress }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const stop = () => request.abort();
    /** @type {ReturnType<typeof setTimeout>} */
    let stalled;
    const moved = () => {
      clearTimeout(stalled);
      stalled = setTimeout(stop, STALLED_MS);
    };
    const end = () => {
      clearTimeout(stalled);
      signal.removeEventListener("abort", stop);
    };
    request.upload.addEventListener("progress", ({ loaded }) => {
      moved();
      onProgress(loaded);
    });
    request.addEventListener("loadend", () => {
      end();
      if (signal.aborted) reject(new DOMException("Cancelled", "AbortError"));
      else resolve(resultOf(request));
    });
    request.open(ticket.method, ticket.url);
    for (const [name, value] of Object.entries(ticket.headers)) request.setRequestHeader(name, value);
    signal.addEventListener("abort", stop);
    moved();
    request.send(file);
  });
}

/**
 * @param {XMLHttpRequest} request that has ended
 * @returns {PutResult}
 */
function resultOf(request) {
  // Another origin's headers, as a bucket's, are not ours to read: asking for one logs an error.
  const header = request.status === 429 || request.status === 503 ? request.getResponseHeader("Retry-After") : null;
  return { status: request.status, body: jsonOf(request.responseText), retryAfter: secondsOf(header) };
}

/**
 * @param {string} text
 * @returns {Record<string, any>}
 */
function jsonOf(text) {
  try {
    const body = JSON.parse(text);
    return body && typeof body === "object" ? body : {};
  } catch {
    // S3 answers in XML, and mostly not at all.
    return {};
  }
}
