/**
 * The confidence slider: the bars follow at once, pictures and counts as fast as the server answers. While one
 * answer is under way only the last position is remembered, so a long drag neither starves nor queues.
 *
 * Inside [data-slider]: [data-slider-range] the handle, [data-slider-value] the field of the form.
 */

import { formUrl, visit } from "./live.js";

let wanted = false;
/** The present steps have their entry in the history: those of a drag, or by key until the slider is left. */
let moved = false;
let byKey = false;
/** @type {Promise<void> | null} */
let running = null;

/** @param {number} low */
function paint(low) {
  for (const bar of document.querySelectorAll(".histogram rect")) {
    bar.classList.toggle("in", Number(bar.getAttribute("data-low")) + 5 > low);
  }
}

function show() {
  wanted = true;
  running ??= follow().finally(() => (running = null));
  return running;
}

/** The first answer is pushed, the others of its steps replace it. */
async function follow() {
  while (wanted) {
    wanted = false;
    await visit(formUrl(), { history: moved ? "replace" : "push", scroll: false });
    moved = true;
    paintPresent();
  }
}

/** The answer's histogram was painted for the position asked for; the handle may be further. */
function paintPresent() {
  const range = document.querySelector("[data-slider-range]");
  if (range instanceof HTMLInputElement) paint(Number(range.value));
}

/** @param {EventTarget | null} target @param {string} what */
const field = (target, what) => (target instanceof HTMLInputElement && target.matches(what) ? target : null);

document.addEventListener("input", (event) => {
  field(event.target, "[data-slider-value]")?.setAttribute("data-busy", "");
  const range = field(event.target, "[data-slider-range]");
  if (!range) return;
  range.setAttribute("data-busy", "");
  const value = document.querySelector("[data-slider-value]");
  if (value instanceof HTMLInputElement) {
    value.value = range.value;
    // Nor may an older answer put its own number there, which the next question would ask for again.
    value.setAttribute("data-busy", "");
  }
  range.closest("[data-slider]")?.classList.remove("resting");
  range.setAttribute("aria-valuetext", `${range.value} %`);
  paint(Number(range.value));
  show();
});

document.addEventListener("change", (event) => {
  const range = field(event.target, "[data-slider-range]");
  const value = field(event.target, "[data-slider-value]");
  Promise.resolve(range && running).then(() => {
    for (const each of document.querySelectorAll("[data-slider] [data-busy]")) each.removeAttribute("data-busy");
    if (range) moved &&= byKey;
    else if (value?.checkValidity()) visit(formUrl(), { scroll: false });
  });
});

for (const kind of ["pointerdown", "keydown"]) {
  document.addEventListener(kind, ({ target }) => field(target, "[data-slider-range]") && (byKey = kind === "keydown"));
}
document.addEventListener("focusout", ({ target }) => field(target, "[data-slider-range]") && (moved = false));
window.addEventListener("popstate", () => (moved = false));
