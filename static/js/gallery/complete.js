/**
 * Completion of label names for fields with data-complete="<url>": the word before the caret is looked up.
 * data-complete-whole: the whole field is one label name, written as it is.
 */

import { getJson } from "../api.js";
import { wordAt, written } from "./word.js";

const WAIT_MS = 120;
const MOST = 8;

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
    if (!prefix || (!this.whole && /[:<>*]/.test(prefix))) return this.close();
    this.asking = new AbortController();
    const pairs = new URLSearchParams({ prefix, limit: String(MOST), min: "0" });
    try {
      const answer = await getJson(`${this.field.dataset.complete}?${pairs}`, this.asking.signal);
      if (document.activeElement === this.field) this.show(answer.labels);
    } catch {
      this.close();
    }
  }

  /** @param {{name: string, count: number}[]} labels */
  show(labels) {
    this.list.replaceChildren(...labels.map((label, index) => this.option(label, index)));
    this.choose(-1);
    this.list.hidden = labels.length === 0;
    this.field.setAttribute("aria-expanded", String(!this.list.hidden));
  }

  /** @param {{name: string, count: number}} label @param {number} index */
  option(label, index) {
    const item = document.createElement("li");
    item.id = `${this.list.id}-${index}`;
    item.dataset.name = label.name;
    item.setAttribute("role", "option");
    for (const text of [label.name, label.count.toLocaleString("en")]) {
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
    } else if (event.key === "Enter") {
      this.close();
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
    const name = item.getAttribute("data-name") ?? "";
    const { start, prefix } = this.word();
    const text = this.whole ? name : `${written(name)} `;
    const quote = this.field.value[start] === '"' ? 1 : 0;
    const end = this.whole ? this.field.value.length : start + quote + prefix.length;
    this.field.setRangeText(text, start, end, "end");
    this.close();
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
