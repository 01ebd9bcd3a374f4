/**
 * SHA-256 of files, made in a worker. Where the browser cannot (plain http beyond this machine) it says "".
 */

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
  /** @type {Map<number, {resolve: (sha256: string) => void, reject: (error: Error) => void}>} */
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
    const worker = this.#start();
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#asked.set(id, { resolve, reject });
      worker.postMessage({ id, file });
    });
  }

  #start() {
    if (this.#worker) return this.#worker;
    const worker = new Worker(new URL("./hash-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => {
      const asked = this.#asked.get(data.id);
      this.#asked.delete(data.id);
      if (data.error) asked?.reject(new UnreadableFileError());
      else asked?.resolve(data.sha256);
    });
    // Without a working worker files go without a hash: the server finds duplicates after sending.
    worker.addEventListener("error", () => {
      for (const { resolve } of this.#asked.values()) resolve("");
      this.#asked.clear();
    });
    this.#worker = worker;
    return worker;
  }
}
