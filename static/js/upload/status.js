/**
 * Watches pictures that wait to be tagged: asks for their status with back-off until each has its answer.
 * The outside world comes in, so that it is tested without a browser or a clock.
 */

/**
 * @typedef {object} Status one of the answer's `images`
 * @property {string} key
 * @property {string} id
 * @property {"pending"|"tagged"|"failed"|"unknown"} status
 * @property {{code: string, message: string}|null} error
 */

/** What one question may hold. */
export const LARGEST_QUESTION = 100;
const QUICKEST_MS = 300;
const SLOWEST_MS = 10_000;
const GROWTH = 1.4;

/**
 * Return the pause before the next question: short again after news, else longer and longer.
 * @param {number} last the pause before, ms
 * @param {boolean} news whether the last answer told of a change
 */
export const nextPause = (last, news) => (news ? QUICKEST_MS : Math.min(SLOWEST_MS, Math.max(QUICKEST_MS, last * GROWTH)));

/**
 * Choose the keys for one question: half the longest waiting, which are next to be tagged, half in turn.
 * @param {string[]} keys in the order they began to wait
 * @param {number} turn number of the question
 */
export function chooseKeys(keys, turn) {
  if (keys.length <= LARGEST_QUESTION) return keys;
  const half = LARGEST_QUESTION / 2;
  const rest = keys.slice(half);
  const start = (turn * half) % rest.length;
  return [...keys.slice(0, half), ...rest.slice(start, start + half)];
}

export class StatusWatcher {
  /** @type {Set<string>} */
  #keys = new Set();
  #pause = QUICKEST_MS;
  #turn = 0;
  #asking = false;
  /** @type {unknown} */
  #timer = null;
  #world;

  /**
   * @param {object} world
   * @param {(keys: string[]) => Promise<{images: Status[]}>} world.ask POST /api/images/status
   * @param {(statuses: Status[]) => Set<string>} world.tell takes each answer, returns the keys it needs no more
   * @param {(action: () => void, ms: number) => unknown} world.later
   * @param {(timer: any) => void} world.never takes back what `later` returned
   */
  constructor(world) {
    this.#world = world;
  }

  /**
   * Watch a key until it has its answer.
   * @param {string} key
   */
  watch(key) {
    if (this.#keys.has(key)) return;
    this.#keys.add(key);
    this.#soon();
  }

  /** How many are watched. */
  get size() {
    return this.#keys.size;
  }

  /** Ask soon, however long the pause had become. */
  #soon() {
    // A question already on its way there must not be put off again and again by a stream of new keys.
    if (this.#timer !== null && this.#pause === QUICKEST_MS) return;
    this.#pause = QUICKEST_MS;
    this.#schedule();
  }

  #schedule() {
    if (this.#asking) return;
    if (this.#timer !== null) this.#world.never(this.#timer);
    this.#timer = this.#keys.size ? this.#world.later(() => this.#ask(), this.#pause) : null;
  }

  async #ask() {
    this.#asking = true;
    this.#timer = null;
    let news = false;
    try {
      const { images } = await this.#world.ask(chooseKeys([...this.#keys], this.#turn++));
      const settled = this.#world.tell(images);
      for (const key of settled) this.#keys.delete(key);
      news = settled.size > 0;
    } catch {
      // A question that failed is asked again, later: the tray goes on saying that the picture waits.
    } finally {
      this.#asking = false;
    }
    this.#pause = nextPause(this.#pause, news);
    this.#schedule();
  }
}
