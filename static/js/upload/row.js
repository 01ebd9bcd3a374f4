/**
 * One file in the tray: preview, name, how it stands, and what can be done about it.
 */
import { detailsOf } from "./details.js";
import { make, setText } from "./elements.js";
import { drawPreview } from "./preview.js";
import { isUnsent } from "./states.js";
import { stateLine } from "./words.js";

/** @typedef {import("./queue.js").Item} Item */
/** @typedef {import("./details.js").Details} Details */

/**
 * @typedef {object} Actions
 * @property {(item: Item) => void} cancel
 * @property {(item: Item) => void} retry
 */

/** States whose picture can be looked at. */
const SHOWABLE = ["pending", "tagged", "failed", "duplicate"];
const WRONG = ["failed", "error", "rejected"];

export class Row {
  #item;
  #actions;
  #thumb = make("span", { className: "upload-thumb" });
  #line = make("small", { className: "upload-line" });
  #bar = make("progress", { max: 1, hidden: true });
  #button = make("button", { type: "button", className: "link", hidden: true });
  #link = make("a", { className: "link", textContent: "Show", hidden: true });
  /** @type {Details|null} */
  #details = null;
  #detailed = false;
  #previewed = false;
  #visible = false;

  /**
   * @param {Item} item
   * @param {Actions} actions
   */
  constructor(item, actions) {
    this.#item = item;
    this.#actions = actions;
    this.#thumb.setAttribute("aria-hidden", "true");
    this.#bar.setAttribute("aria-label", `Sending ${item.name}`);
    this.#link.setAttribute("aria-label", `Show ${item.name}`);
    this.#button.addEventListener("click", () => this.#act());
    const name = make("span", { className: "upload-name", title: item.name, textContent: item.name });
    const act = make("span", { className: "upload-act" }, this.#button, this.#link);
    this.element = make("li", { className: "upload", tabIndex: -1 }, this.#thumb, name, act, this.#bar, this.#line);
    this.update();
  }

  /**
   * Tell the row whether it is in sight; what costs time is done only then.
   * @param {boolean} visible
   */
  set visible(visible) {
    this.#visible = visible;
    this.#fill();
  }

  /** Draw the item as it is now. */
  update() {
    const { state, sent, size } = this.#item;
    this.element.dataset.state = state;
    this.#bar.hidden = state !== "sending";
    if (state === "sending") this.#bar.value = size ? sent / size : 1;
    if (state === "pending") this.#detailed = false;
    this.#drawLine();
    this.#drawActions();
    this.#fill();
  }

  #drawLine() {
    const { state } = this.#item;
    const labels = state === "tagged" ? this.#details?.labels : undefined;
    if (labels?.length) {
      const [best, ...others] = labels;
      this.#line.replaceChildren(make("b", { textContent: best }), ...others.map((label) => ` · ${label}`));
    } else if (labels) {
      setText(this.#line, "Tagged: nothing recognised");
    } else {
      setText(this.#line, stateLine(this.#item));
    }
    this.#line.classList.toggle("wrong", WRONG.includes(state));
  }

  #drawActions() {
    const { state, imageId, file, name } = this.#item;
    const retry = state === "failed" || ((state === "error" || state === "cancelled") && file !== null);
    const label = isUnsent(state) ? "Cancel" : retry ? "Try again" : "";
    const focused = this.element.contains(document.activeElement);
    this.#button.hidden = !label;
    this.#link.hidden = !imageId || !SHOWABLE.includes(state) || Boolean(label);
    if (label) {
      setText(this.#button, label);
      this.#button.setAttribute("aria-label", `${label}: ${name}`);
    }
    if (imageId) this.#link.href = `/images/${encodeURIComponent(imageId)}`;
    // Where the focused button went away, the row keeps the place in the page.
    if (focused && !this.element.contains(document.activeElement)) this.element.focus();
    else if (focused && document.activeElement === this.#button && !label) this.element.focus();
  }

  #act() {
    if (isUnsent(this.#item.state)) this.#actions.cancel(this.#item);
    else this.#actions.retry(this.#item);
  }

  /** Fetch what a row in sight shows beyond its text. */
  #fill() {
    if (!this.#visible) return;
    const { file, state, imageId } = this.#item;
    if (file && !this.#previewed && state !== "rejected") {
      this.#previewed = true;
      drawPreview(this.#thumb, file, () => this.#visible && !this.#thumb.hasChildNodes());
    }
    // Of a duplicate only the picture is missing, and only where there is no file to draw it from.
    if (imageId && !this.#detailed && (state === "tagged" || (state === "duplicate" && !file))) {
      this.#detailed = true;
      void detailsOf(imageId).then((details) => this.#take(details));
    }
  }

  /** @param {Details|null} details */
  #take(details) {
    if (!details) return;
    this.#details = details;
    if (details.thumbnail && !this.#thumb.hasChildNodes()) {
      this.#thumb.append(make("img", { src: details.thumbnail, alt: "", decoding: "async" }));
    }
    this.#drawLine();
  }
}
