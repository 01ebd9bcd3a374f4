/** The focus outlives what holds it: put anew, it goes to what is called the same, else to what is next to it. */

const HOLDERS = "a[href], button, input, select, summary";

/** @param {Element} place */
const holders = (place) => [...place.querySelectorAll(HOLDERS)].map((each) => /** @type {HTMLElement} */ (each));

/** What it is called whatever its state and its number: a label at the side, a chip, a picture. @param {Element} holder */
const nameOf = (holder) =>
  holder.tagName +
  (holder.closest(".tile")?.id ?? holder.ariaLabel ?? holder.firstElementChild?.lastChild?.textContent ?? holder.textContent);

/**
 * Change what is in a place, and give the focus back to it if it was there.
 * @param {Element} place
 * @param {() => void} change
 */
export function keepFocus(place, change) {
  const focused = document.activeElement;
  if (!focused?.matches(HOLDERS) || !place.contains(focused)) return change();
  const [name, at, isGone] = [nameOf(focused), holders(place).indexOf(/** @type {HTMLElement} */ (focused)), focused.closest(".empty")];
  change();
  if (document.activeElement === focused) return;
  const found = holders(place);
  const next = found.find((each) => nameOf(each) === name) ?? (isGone ? null : found[Math.min(at, found.length - 1)]);
  (next ?? document.getElementById("results"))?.focus({ preventScroll: true });
}
