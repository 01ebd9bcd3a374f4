/**
 * Completion for fields with data-complete="<url>": label names and words of the search language, of the word before
 * the caret; in an empty field the latest searches. data-complete-whole: the whole field is one label name.
 */

import { getJson } from "../api.js";
import { recent } from "./recent.js";
import { wordAt, wordsFor, written } from "./word.js";

const WAIT_MS = 120;
const MOST = 8;

/** @typedef {{text: string, note: string, whole?: boolean}} Choice `whole`: takes the place of all that is written */

class Completion {
  /** @param {HTMLInputElement} field */
  constructor(field) {
    this.field = field;
    this.whole = field.hasAttribute("data-complete-whole");
    this.list = document.createElement("ul");
    this.list.className = "suggestions";
    this.list.id = `${field.id}-suggestions`;
    this.list.setAttribute("role", "listbox");
    this.list.hidden = true;
    this.chosen = -1;
    this.timer = 0;
    this.asking = new AbortController();
    field.after(this.list);
    field.setAttribute("role", "combobox");
    field.setAttribute("aria-controls", this.list.id);
    field.setAttribute("aria-autocomplete", "list");
    field.addEventListener("input", () => this.later());
    field.addEventListener("keydown", (event) => this.key(event));
    field.addEventListener("blur", () => this.close());
    field.addEventListener("focus", () => this.showRecent());
    this.list.addEventListener("mousedown", (event) => this.press(event));
    this.close();
  }

  word() {
    const caret = this.field.selectionStart ?? this.field.value.length;
    return this.whole ? { start: 0, prefix: this.field.value.trim() } : wordAt(this.field.value.slice(0, caret));
  }

  later() {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    this.asking.abort();
    const { prefix } = this.word();
    if (!prefix) return this.showRecent();
    /** @type {Choice[]} */
    const words = this.whole ? [] : wordsFor(prefix).map((text) => ({ text, note: "" }));
    if (!this.whole && /[:<>*]/.test(prefix)) return this.show(words);
    this.asking = new AbortController();
    const pairs = new URLSearchParams({ prefix, limit: String(MOST), min: "0" });
    try {
      const answer = await getJson(`${this.field.dataset.complete}?${pairs}`, this.asking.signal);
      /** @type {Choice[]} */
      const labels = answer.labels.map((/** @type {{name: string, count: number}} */ { name, count }) => ({
        text: this.whole ? name : written(name),
        note: count.toLocaleString("en"),
      }));
      if (document.activeElement === this.field) this.show([...labels, ...words].slice(0, MOST));
    } catch {
      this.close();
    }
  }

  showRecent() {
    if (this.whole || this.field.value) return this.close();
    this.show(recent().map((text) => ({ text, note: "Searched before", whole: true })));
  }

  /** @param {Choice[]} choices */
  show(choices) {
    this.list.replaceChildren(...choices.map((choice, index) => this.option(choice, index)));
    this.choose(-1);
    this.list.hidden = choices.length === 0;
    this.field.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  /** @param {Choice} choice @param {number} index */
  option(choice, index) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${index}`;
    item.dataset.text = choice.text;
    item.toggleAttribute("data-whole", choice.whole ?? false);
    item.setAttribute("role", "option");
    for (const text of [choice.text, choice.note]) {
      const span = document.createElement("span");
      span.textContent = text;
      item.append(span);
    }
    return item;
  }

  /** @param {number} index */
  choose(index) {
    this.chosen = index;
    [...this.list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === index)));
    this.field.setAttribute("aria-activedescendant", index < 0 ? "" : `${this.list.id}-${index}`);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const size = this.list.hidden ? 0 : this.list.children.length;
    // Also what is still asked for, which would come over what the search finds.
    if (event.key === "Enter" && this.chosen < 0) return this.close();
    if (event.key === "Escape") {
      if (size) event.preventDefault();
      else this.field.blur();
      return this.close();
    }
    if (!size) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      const step = event.key === "ArrowDown" ? 1 : -1;
      this.choose(((this.chosen + step + 1 + size + 1) % (size + 1)) - 1);
    } else if ((event.key === "Enter" || event.key === "Tab") && this.chosen >= 0) {
      event.preventDefault();
      this.take(this.list.children[this.chosen]);
    }
  }

  /** @param {MouseEvent} event */
  press(event) {
    event.preventDefault();
    const item = event.target instanceof Element ? event.target.closest("li") : null;
    if (item) this.take(item);
  }

  /** @param {Element} item */
  take(item) {
    const chosen = item.getAttribute("data-text") ?? "";
    if (item.hasAttribute("data-whole")) {
      this.field.value = chosen;
      this.close();
      return this.field.form?.requestSubmit();
    }
    const { start, prefix } = this.word();
    const open = chosen.endsWith(":");
    const text = this.whole || open ? chosen : `${chosen} `;
    const quote = this.field.value[start] === '"' ? 1 : 0;
    const end = this.whole ? this.field.value.length : start + quote + prefix.length;
    this.field.setRangeText(text, start, end, "end");
    this.close();
    if (open) this.later();
  }

  close() {
    clearTimeout(this.timer);
    this.asking.abort();
    this.list.hidden = true;
    this.field.setAttribute("aria-expanded", "false");
    this.choose(-1);
  }
}

function start() {
  for (const field of document.querySelectorAll("input[data-complete]:not([role])")) {
    if (field instanceof HTMLInputElement) new Completion(field);
  }
}

document.addEventListener("taglight:swapped", start);
start();
