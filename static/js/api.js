/**
 * JSON calls to our own server. Every failure is an ApiError whose message is a sentence for a person.
 */

const SENTENCES = new Map([
  [401, "You are signed out. Reload the page and sign in again."],
  [403, "The server refused this. Reload the page and try again."],
  [404, "This is not here any more."],
  [413, "This is more than the server takes at once."],
  [429, "The server is busy. Try again in a moment."],
]);

/** A call that did not succeed; status 0 means that no answer came. */
export class ApiError extends Error {
  /**
   * @param {string} sentence for a person
   * @param {number} status HTTP status, 0 without an answer
   * @param {Record<string, unknown>} problem the RFC 9457 document, {} where there was none
   * @param {number} retryAfter in how many seconds the server wants to be asked again, 0: it does not say
   */
  constructor(sentence, status, problem = {}, retryAfter = 0) {
    super(sentence);
    this.retryAfter = retryAfter;
    this.name = "ApiError";
    this.status = status;
    this.problem = problem;
  }

  /** True where the same call may well succeed a little later. */
  get passing() {
    return isPassing(this.status);
  }
}

/**
 * Tell whether an HTTP status is worth another try later: no answer, too busy, or the server's own trouble.
 * @param {number} status
 */
export function isPassing(status) {
  return status === 0 || status === 408 || status === 425 || status === 429 || status >= 500;
}

/**
 * Read a Retry-After header: seconds, 0 where there is none or it is none of ours.
 * @param {string|null} header
 */
export const secondsOf = (header) => (/^\d{1,5}$/.test(header ?? "") ? Number(header) : 0);

/**
 * Return a sentence for a status and the problem document that came with it.
 * @param {number} status
 * @param {Record<string, unknown>} [problem]
 * @returns {string}
 */
export function sentenceFor(status, problem = {}) {
  if (typeof problem.detail === "string" && problem.detail) return problem.detail;
  if (status === 0) return "The server cannot be reached. Check the connection and try again.";
  const known = SENTENCES.get(status);
  if (known) return known;
  if (status >= 500) return "The server has a problem. Try again in a moment.";
  if (typeof problem.title === "string" && problem.title) return problem.title;
  return `The server did not accept this (${status}).`;
}

/**
 * Call the API and return the parsed JSON answer, null where there is no body.
 * @param {string} method
 * @param {string} url
 * @param {{body?: unknown, signal?: AbortSignal}} [options] body is sent as JSON
 * @returns {Promise<any>}
 * @throws {ApiError} for every answer that is not 2xx, and where none came
 * @throws {DOMException} AbortError when the signal fired
 */
export async function call(method, url, { body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(url, {
      method,
      headers,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(sentenceFor(0), 0);
  }
  if (!response.ok) {
    const problem = await problemOf(response);
    const retryAfter = secondsOf(response.headers.get("Retry-After"));
    throw new ApiError(sentenceFor(response.status, problem), response.status, problem, retryAfter);
  }
  if (response.status === 204) return null;
  try {
    return await response.json();
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError("The server gave an answer that cannot be read. Try again.", 0);
  }
}

/**
 * @param {Response} response
 * @returns {Promise<Record<string, unknown>>}
 */
async function problemOf(response) {
  if (!response.headers.get("Content-Type")?.includes("json")) return {};
  const problem = await response.json().catch(() => null);
  return problem && typeof problem === "object" ? problem : {};
}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export const getJson = (url, signal) => call("GET", url, { signal });

/**
 * @param {string} url
 * @param {unknown} [body]
 * @param {AbortSignal} [signal]
 */
export const postJson = (url, body, signal) => call("POST", url, { body, signal });

/**
 * @param {string} url
 * @param {unknown} body
 * @param {AbortSignal} [signal]
 */
export const patchJson = (url, body, signal) => call("PATCH", url, { body, signal });

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 */
export const deleteJson = (url, signal) => call("DELETE", url, { signal });
