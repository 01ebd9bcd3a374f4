/**
 * Boxes light up with their label and the other way round: elements of the same data-group belong together.
 * [data-boxes] shows and hides them all (aria-pressed).
 */

/** @param {string} group "" for none */
function light(group) {
  const stage = document.querySelector("[data-stage]");
  const found = group ? [...document.querySelectorAll(`.box[data-group="${CSS.escape(group)}"]`)] : [];
  stage?.classList.toggle("lit", found.length > 0);
  for (const box of document.querySelectorAll(".box")) box.classList.toggle("on", found.includes(box));
  for (const row of document.querySelectorAll(".label")) {
    row.classList.toggle("lit", found.length > 0 && row.getAttribute("data-group") === group);
  }
}

/** @param {Event} event */
function onEnter(event) {
  const owner = event.target instanceof Element ? event.target.closest("[data-group]") : null;
  light(owner?.getAttribute("data-group") ?? "");
}

document.addEventListener("pointerover", onEnter);
document.addEventListener("focusin", onEnter);
document.addEventListener("click", (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-boxes]") : null;
  if (!button) return;
  const shown = button.getAttribute("aria-pressed") !== "true";
  button.setAttribute("aria-pressed", String(shown));
  document.querySelector("[data-stage]")?.classList.toggle("no-boxes", !shown);
});
