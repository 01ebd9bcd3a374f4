/** Work on many things, a few at a time; no DOM. */

/**
 * @template Item
 * @param {Iterable<Item>} items
 * @param {(item: Item) => Promise<void>} work
 * @param {{atOnce?: number, signal?: AbortSignal, tell?: (done: number) => void}} [how]
 * @returns {Promise<{done: number, failed: Error[]}>} when all are done, or the signal has stopped what was left
 */
export async function each(items, work, { atOnce = 4, signal, tell } = {}) {
  const left = items[Symbol.iterator]();
  /** @type {Error[]} */
  const failed = [];
  let done = 0;
  async function worker() {
    for (let next = left.next(); !next.done && !signal?.aborted; next = left.next()) {
      try {
        await work(next.value);
        done += 1;
      } catch (error) {
        failed.push(error instanceof Error ? error : new Error(String(error)));
      }
      tell?.(done + failed.length);
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { done, failed };
}
