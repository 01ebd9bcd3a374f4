/** Arrow keys go from picture to picture; from nowhere in particular they go to the first one in sight. */

import { inNextRow } from "./rows.js";

const STEPS = new Map([["ArrowLeft", -1], ["ArrowRight", 1], ["ArrowUp", -1], ["ArrowDown", 1]]);
const UNDER_BAR = 110;

const links = () =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll("#results .tile:not([data-unfinished]) > a")]);

/** @param {string} key @param {number} step @returns {HTMLElement | undefined} */
function target(key, step) {
  const all = links();
  const at = all.indexOf(/** @type {HTMLElement} */ (document.activeElement?.closest(".tile")?.querySelector("a")));
  const across = key === "ArrowLeft" || key === "ArrowRight";
  if (at >= 0) return all[across ? at + step : inNextRow(all.map((each) => each.getBoundingClientRect()), at, step > 0 ? 1 : -1)];
  // Up and down scroll the page as ever until a picture has the focus.
  if (!across || !document.activeElement?.matches("body, main, #results")) return undefined;
  return all.find((each) => each.getBoundingClientRect().top > UNDER_BAR);
}

document.addEventListener("keydown", (event) => {
  const step = STEPS.get(event.key);
  if (!step || event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey || event.shiftKey) return;
  if (document.querySelector(".stage, dialog[open], :popover-open")) return;
  const link = target(event.key, step);
  if (!link) return;
  event.preventDefault();
  link.focus({ preventScroll: true });
  link.scrollIntoView({ block: "nearest" });
});
