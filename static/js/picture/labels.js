/**
 * Corrections in place: forms with data-label-form (fields add, remove) are sent as PATCH to the address in data-api
 * of the section around them, then the page's regions are renewed.
 */

import { announce } from "../announce.js";
import { patchJson } from "../api.js";
import { fetchPage, swapRegions } from "../gallery/regions.js";

/** @param {HTMLFormElement} form */
async function send(form) {
  const url = form.closest("[data-api]")?.getAttribute("data-api");
  if (!url) return;
  const fields = new FormData(form);
  const names = (/** @type {string} */ field) => fields.getAll(field).map((name) => String(name).trim()).filter(Boolean);
  const [add, remove] = [names("add"), names("remove")];
  const below = form.closest("details")?.open ?? false;
  await patchJson(url, { add, remove });
  swapRegions(await fetchPage(location.href), ["info", "stage"]);
  const details = document.querySelector(".below");
  if (details instanceof HTMLDetailsElement && below) details.open = true;
  announce(add.length ? `Added ${add.join(", ")}` : `Removed ${remove.join(", ")}`);
  const next = form.matches(".add-label") ? document.getElementById("add-label") : document.getElementById("labels-title");
  next?.focus({ preventScroll: true });
}

/**
 * @param {HTMLFormElement} form
 * @param {unknown} error
 */
function complain(form, error) {
  const sentence = error instanceof Error ? error.message : "This did not work. Try again.";
  let place = form.parentElement?.querySelector(".form-error");
  if (!place) {
    place = document.createElement("p");
    place.className = "form-error";
    place.setAttribute("role", "alert");
    form.after(place);
  }
  place.textContent = sentence;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches("[data-label-form]")) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  send(form)
    .catch((error) => complain(form, error))
    .finally(() => delete form.dataset.busy);
});
