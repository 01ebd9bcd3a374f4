/**
 * SHA-256 of files, made in a worker. Where the browser cannot (plain http beyond this machine) it says "".
 */
import { digestOf } from "./digest.js";

/** A file that cannot be read any more: moved, changed, or a folder that was dropped as a file. */
export class UnreadableFileError extends Error {
  constructor() {
    super("This file cannot be read. It may have been moved or changed; add it again.");
    this.name = "UnreadableFileError";
  }
}

export class Hasher {
  /** @type {Worker|null} */
  #worker = null;
  /** The worker could not be loaded: the page hashes itself. */
  #alone = false;
  /** @type {Map<number, {file: File, resolve: (sha256: string|Promise<string>) => void, reject: (error: Error) => void}>} */
  #asked = new Map();
  #lastId = 0;

  /**
   * Return the SHA-256 of a file in hex, "" where this page may not hash.
   * @param {File} file
   * @returns {Promise<string>}
   * @throws {UnreadableFileError}
   */
  async hash(file) {
    if (!globalThis.crypto?.subtle) return "";
    if (this.#alone) return hashHere(file);
    this.#worker ??= this.#start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { file, resolve, reject });
      this.#worker?.postMessage({ id, file });
    });
  }

  #start() {
    const worker = new Worker(new URL("upload/hash-worker.js", mainScript()), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const asked = this.#asked.get(data.id);
      this.#asked.delete(data.id);
      if (data.error) asked?.reject(new UnreadableFileError());
      else asked?.resolve(data.sha256);
    });
    worker.addEventListener("error", () => {
      this.#alone = true;
      for (const { file, resolve } of this.#asked.values()) resolve(hashHere(file));
      this.#asked.clear();
    });
    return worker;
  }
}

/** The address of js/main.js, under which all others lie, also where they are sent as one. */
const mainScript = () => document.querySelector("script")?.src ?? location.href;

/** @param {File} file */
async function hashHere(file) {
  try {
    return await digestOf(file);
  } catch {
    throw new UnreadableFileError();
  }
}
