/**
 * The tray at the edge of the page: a line for the whole, a row for each file. Drawn in animation frames, new
 * rows a few at a time, so that a thousand files at once leave the page quick.
 */
import { make, setText } from "./elements.js";
import { Row } from "./row.js";
import { Speedometer, totals } from "./totals.js";
import { count, summary } from "./words.js";

/** @typedef {import("./queue.js").Item} Item */

/** New rows in one frame. */
const ROWS_A_FRAME = 40;
/** While files are sent the line for the whole is drawn this often, ms: quicker cannot be read. */
const HEAD_EVERY_MS = 250;
const SMALL_KEY = "taglight.tray";

/**
 * @typedef {import("./row.js").Actions & {cancelAll: () => void, retryAll: () => void, close: () => void}} TrayActions
 */

export class Tray {
  #place;
  #queue;
  #actions;
  /** @type {Map<Item, Row>} */
  #rows = new Map();
  /** @type {WeakMap<Element, Row>} */
  #rowOf = new WeakMap();
  /** @type {Set<Item>} */
  #dirty = new Set();
  #speedometer = new Speedometer();
  #scheduled = false;
  #opening = false;
  /** A picture is open. */
  #looking = false;
  /** Minimised because of it, and by nobody. */
  #aside = false;
  #headAt = -Infinity;
  #title = make("h2", { id: "tray-title" });
  #summary = make("p", { className: "tray-summary" });
  #bar = make("progress", { max: 1, hidden: true });
  #list = make("ul", { className: "tray-list" });
  #pick = make("button", { type: "button", className: "link", textContent: "Pick the interrupted files again" });
  #cancelAll = make("button", { type: "button", className: "link", textContent: "Cancel all" });
  #retryAll = make("button", { type: "button", className: "link", textContent: "Try all again" });
  #done = make("button", { type: "button", className: "link", textContent: "Done", hidden: true });
  #minimise = make("button", { type: "button", className: "tray-button tray-minimise" });
  #close = make("button", { type: "button", className: "tray-button tray-close" });
  #observer;

  /**
   * @param {HTMLElement} place the page's empty #tray
   * @param {import("./queue.js").UploadQueue} queue
   * @param {TrayActions} actions
   */
  constructor(place, queue, actions) {
    this.#place = place;
    this.#queue = queue;
    this.#actions = actions;
    this.#observer = new IntersectionObserver(
      (entries) => {
        for (const { target, isIntersecting } of entries) {
          const row = this.#rowOf.get(target);
          if (row) row.visible = isIntersecting;
        }
      },
      { root: this.#list, rootMargin: "120px" },
    );
    this.#build();
  }

  #build() {
    this.#place.classList.add("tray");
    this.#place.setAttribute("role", "region");
    this.#place.setAttribute("aria-labelledby", "tray-title");
    this.#bar.setAttribute("aria-label", "Sent so far");
    // A list without bullets is no list to some screen readers, unless it says so.
    this.#list.setAttribute("role", "list");
    this.#close.setAttribute("aria-label", "Close");
    this.#pick.dataset.uploadPick = "";
    this.#cancelAll.addEventListener("click", this.#actions.cancelAll);
    this.#retryAll.addEventListener("click", this.#actions.retryAll);
    this.#minimise.addEventListener("click", () => this.#setSmall(!this.#small));
    for (const button of [this.#close, this.#done]) button.addEventListener("click", this.#actions.close);
    const buttons = make("div", { className: "tray-buttons" }, this.#minimise, this.#close);
    const words = make("div", { className: "tray-words" }, this.#title, this.#summary);
    const all = make("div", { className: "tray-all" }, this.#pick, this.#retryAll, this.#cancelAll, this.#done);
    this.#place.append(make("div", { className: "tray-head" }, words, buttons), this.#bar, this.#list, all);
    this.#setSmall(sessionStorage.getItem(SMALL_KEY) === "small");
  }

  get #small() {
    return this.#place.classList.contains("small");
  }

  /** @param {boolean} small @param {boolean} [keep] also on the next page */
  #setSmall(small, keep = true) {
    this.#place.classList.toggle("small", small);
    this.#minimise.setAttribute("aria-expanded", String(!small));
    this.#minimise.setAttribute("aria-label", small ? "Show the files" : "Minimise");
    if (keep) {
      sessionStorage.setItem(SMALL_KEY, small ? "small" : "");
      this.#aside = false;
    }
    this.#schedule();
  }

  /**
   * Make room for a picture that opens, and take it again when it is closed.
   * @param {boolean} aside
   */
  stepAside(aside) {
    const asked = aside ? !this.#small && !this.#looking : this.#aside;
    this.#looking = aside;
    if (!asked) return;
    this.#setSmall(aside, false);
    this.#aside = aside;
  }

  /** Show the tray, and its rows, as soon as there are some: opened empty it would grow under the eye. */
  open() {
    this.#opening = true;
    if (!this.#looking) this.#setSmall(false);
  }

  /** Show the tray as the person left it. */
  reopen() {
    this.#place.hidden = false;
  }

  /** Hide the tray and forget the rows of files that the queue has forgotten. */
  hide() {
    for (const [item, row] of this.#rows) {
      if (this.#queue.items.has(item.id)) continue;
      this.#observer.unobserve(row.element);
      row.element.remove();
      this.#rows.delete(item);
    }
    this.#place.hidden = this.#bar.hidden = true;
  }

  /** Make room for what is looked at now, where there is little: on a phone. */
  shrink() {
    if (matchMedia("(max-width: 720px)").matches) this.#setSmall(true);
  }

  /**
   * Draw an item again in the next frame.
   * @param {Item} item
   */
  changed(item) {
    this.#dirty.add(item);
    this.#schedule();
  }

  /**
   * Take a forgotten item's row away.
   * @param {Item} item
   */
  removed(item) {
    this.#rows.get(item)?.element.remove();
    this.#rows.delete(item);
    this.#dirty.delete(item);
  }

  #schedule() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame((now) => {
      this.#scheduled = false;
      this.#draw(now);
    });
  }

  /** @param {number} now ms */
  #draw(now) {
    if (this.#opening && this.#dirty.size) {
      this.#place.hidden = this.#opening = false;
    }
    let fresh = 0;
    for (const item of this.#small ? [] : this.#dirty) {
      const row = this.#rows.get(item);
      if (!row && ++fresh > ROWS_A_FRAME) break;
      if (row) row.update();
      else this.#add(item);
      this.#dirty.delete(item);
    }
    const unsent = this.#drawHead(now);
    // While something is sent the speed goes on changing, also where no event comes.
    if (unsent || (this.#dirty.size && !this.#small)) this.#schedule();
  }

  /** @param {Item} item */
  #add(item) {
    if (!this.#queue.items.has(item.id)) return;
    const row = new Row(item, this.#actions);
    this.#rows.set(item, row);
    this.#rowOf.set(row.element, row);
    this.#list.append(row.element);
    this.#observer.observe(row.element);
  }

  /**
   * @param {number} now ms
   * @returns {boolean} whether it wants to be drawn again
   */
  #drawHead(now) {
    if (this.#place.hidden) return false;
    // The last word comes with the last row: it goes on saying so, whenever the next frame is.
    const isLast = !this.#queue.unsent && (this.#small || !this.#dirty.size);
    if (!isLast && now - this.#headAt < HEAD_EVERY_MS) return true;
    this.#headAt = now;
    if (this.#queue.sending) this.#speedometer.note(now, this.#queue.bytesOut);
    else this.#speedometer.reset();
    const sums = totals(this.#queue.items.values(), this.#speedometer.speed(now));
    const { error, failed } = sums.counts;
    setText(this.#title, count(sums.files, sums.counts.rejected ? "file" : "picture"));
    setText(this.#summary, summary(sums));
    // Once there it keeps its room, as do the words above it: the list stays where it is when all is sent.
    if (sums.unsent) this.#bar.hidden = false;
    this.#bar.classList.toggle("done", !sums.unsent);
    this.#bar.value = sums.done;
    const held = document.activeElement;
    this.#cancelAll.hidden = !sums.unsent || sums.files < 2;
    // In the place of "Cancel all": below the list nothing comes or goes when all is sent.
    this.#done.hidden = sums.unsent > 0 || sums.files < 2 || this.#bar.hidden;
    const lost = [...this.#queue.items.values()].filter(({ state, file }) => state === "error" && !file).length;
    this.#pick.hidden = lost === 0;
    this.#retryAll.hidden = error - lost + failed < 2;
    this.#close.hidden = sums.unsent > 0;
    if (held instanceof HTMLElement && held.hidden && this.#place.contains(held)) {
      (this.#done.hidden ? this.#minimise : this.#done).focus();
    }
    return sums.unsent > 0;
  }
}
