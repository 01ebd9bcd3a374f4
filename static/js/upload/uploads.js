/**
 * Uploading, put together: the queue, the sender, the watcher, the tray, and what survives a reload.
 * Says `taglight:changed` on the document when the library has changed, for the gallery to follow.
 */
import { announce } from "../announce.js";
import { postJson } from "../api.js";
import { Answers } from "./answers.js";
import { Hasher } from "./hasher.js";
import { lookAt } from "./intake.js";
import { STORAGE_KEY, freeze, thaw } from "./persist.js";
import { put } from "./put.js";
import { UploadQueue } from "./queue.js";
import { report } from "./reports.js";
import { Sender } from "./sender.js";
import { soon } from "./soon.js";
import { isFinal } from "./states.js";
import { StatusWatcher } from "./status.js";
import { totals } from "./totals.js";
import { Tray } from "./tray.js";

/** @typedef {import("./queue.js").Item} Item */

const SAVE_AFTER_MS = 500;
const REPORT_AFTER_MS = 700;
const CHANGED_AFTER_MS = 400;
/** While many are on their way the gallery follows more calmly: each time it lays out a page of pictures. */
const MANY = 20;
const MANY_CHANGED_AFTER_MS = 2500;

/** States after which nobody needs to be told again on the next page. */
const SETTLED = ["tagged", "duplicate", "cancelled"];
/** States that the gallery shows differently from the one before. */
const IN_LIBRARY = ["pending", "tagged", "failed"];

const tellOthers = () => document.dispatchEvent(new CustomEvent("taglight:changed"));

export class Uploads {
  #maxBytes;
  #queue = new UploadQueue((item) => this.#changed(item));
  #hasher = new Hasher();
  #sender;
  #watcher;
  #tray;
  #told = totals([]);
  #saveSoon = soon(SAVE_AFTER_MS, () => this.save());
  #reportSoon = soon(REPORT_AFTER_MS, () => this.#report());
  #libraryChanged = soon(CHANGED_AFTER_MS, tellOthers);
  #manyChanged = soon(MANY_CHANGED_AFTER_MS, tellOthers);

  /**
   * @param {HTMLElement} place the page's empty #tray
   * @param {number} maxBytes of one file
   */
  constructor(place, maxBytes) {
    this.#maxBytes = maxBytes;
    const later = (/** @type {() => void} */ action, /** @type {number} */ ms) => setTimeout(action, ms);
    this.#sender = new Sender(this.#queue, {
      hash: (file) => this.#hasher.hash(file),
      askTickets: (files) => postJson("/api/uploads", { files }),
      put,
      now: Date.now,
      later,
    });
    const answers = new Answers(this.#queue, Date.now);
    this.#watcher = new StatusWatcher({
      ask: (keys) => postJson("/api/images/status", { keys }),
      tell: (statuses) => answers.take(statuses),
      later,
      never: clearTimeout,
    });
    this.#tray = new Tray(place, this.#queue, {
      cancel: (item) => this.#cancel(item),
      cancelAll: () => this.#sender.abort(this.#queue.cancelAll()),
      retry: (item) => void this.#retry(item),
      retryAll: () => this.#retryAll(),
      close: () => this.#close(),
    });
  }

  /**
   * Add files: looked at, then sent, a few at a time.
   * @param {File[]} files
   */
  add(files) {
    if (!files.length) return;
    this.#tray.open();
    void lookAt(files, this.#maxBytes, (found) => {
      for (const facts of found) {
        this.#forgetInterrupted(facts);
        this.#queue.add(facts);
      }
      this.#sender.pump();
    });
  }

  /** Keep out of the way of a picture that is open. */
  makeRoom() {
    this.#tray.stepAside(document.querySelector(".stage") !== null);
  }

  /** Keep out of the way of another search or page. */
  makeRoomForMore() {
    this.#tray.shrink();
  }

  /** Tell whether anything would be lost if the page were left. */
  get sending() {
    return this.#queue.unsent > 0;
  }

  /** Try again at once what pauses after a lost connection. */
  wake() {
    this.#queue.wake();
    this.#sender.pump();
  }

  /** Keep what the tray knows over a reload. */
  save() {
    const items = [...this.#queue.items.values()];
    try {
      if (items.length) sessionStorage.setItem(STORAGE_KEY, freeze(items));
      else sessionStorage.removeItem(STORAGE_KEY);
    } catch {
      // A full or forbidden storage costs only what a reload would have shown.
    }
  }

  /**
   * Bring back what was kept, unless all of it is done and the person has gone on to another page.
   * @param {boolean} reloaded
   */
  restore(reloaded) {
    const items = thaw(sessionStorage.getItem(STORAGE_KEY));
    if (!items.length || (!reloaded && items.every(({ state }) => SETTLED.includes(state)))) return this.save();
    for (const item of items) this.#queue.add(item);
    this.#told = totals(this.#queue.items.values());
    this.#tray.reopen();
  }

  /** @param {Item} item */
  #changed(item) {
    this.#tray.changed(item);
    if (item.state === "sending" && item.sent > 0) return;
    this.#saveSoon();
    this.#reportSoon();
    if (item.state === "pending") this.#watcher.watch(item.key);
    if (!IN_LIBRARY.includes(item.state)) return;
    if (this.#queue.unsent + this.#watcher.size > MANY) this.#manyChanged();
    else this.#libraryChanged();
  }

  #report() {
    const now = totals(this.#queue.items.values());
    const sentence = report(this.#told, now);
    this.#told = now;
    if (sentence) announce(sentence);
  }

  /**
   * A file that was interrupted by a reload and is added again takes its old row's place.
   * @param {{name: string, size: number}} facts
   */
  #forgetInterrupted({ name, size }) {
    for (const item of this.#queue.items.values()) {
      if (item.state === "error" && !item.file && item.name === name && item.size === size) {
        this.#queue.remove(item);
        this.#tray.removed(item);
      }
    }
  }

  /** @param {Item} item */
  #cancel(item) {
    if (this.#queue.cancel(item)) this.#sender.abort([item]);
  }

  /** @param {Item} item */
  async #retry(item) {
    if (item.state !== "failed") {
      if (this.#queue.retry(item)) this.#sender.pump();
      return;
    }
    try {
      await postJson(`/api/images/${encodeURIComponent(item.imageId)}/retry`);
      if (item.state === "failed") this.#queue.move(item, "pending");
    } catch (error) {
      announce(error instanceof Error ? error.message : "This did not work.");
    }
  }

  #retryAll() {
    this.#queue.retryAll();
    this.#sender.pump();
    for (const item of this.#queue.items.values()) if (item.state === "failed") void this.#retry(item);
  }

  #close() {
    for (const item of this.#queue.items.values()) if (isFinal(item.state)) this.#queue.remove(item);
    this.#tray.hide();
    this.save();
    this.#told = totals(this.#queue.items.values());
    const button = document.querySelector("[data-upload-pick]");
    if (button instanceof HTMLElement) button.focus();
  }
}
