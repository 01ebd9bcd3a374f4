/**
 * The forms of a picture and of messages, sent without leaving the page: labels corrected, delete, undo, retry. The
 * server's answer is the page that the form would have led to; its regions are put in place.
 */
import { announce } from "../announce.js";
import { visit } from "../gallery/live.js";
import { fetchPage, swapRegions } from "../gallery/regions.js";
import { say } from "../say.js";
import { forgetAhead, showPicture } from "./viewer.js";

/** @param {HTMLFormElement} form */
async function send(form) {
  const fields = new URLSearchParams(/** @type {any} */ (new FormData(form)));
  const below = form.closest("details")?.open ?? false;
  const page = await fetchPage(form.action, { method: "POST", body: fields });
  if (page.status >= 400) throw new Error(page.doc.querySelector("main p")?.textContent ?? "");
  forgetAhead();
  const view = document.querySelector(".view");
  if (page.url.startsWith("/images/") && view) {
    swapRegions(page, ["info", "stage", "messages"], "view");
    if (form.matches("[data-label-form]")) labelsShown(form, fields, below);
  } else if (document.body.matches(".gallery")) {
    // After a picture is gone the next one is looked at; after it is back, that one.
    const beside = form.matches("[data-goes-on]") && (view?.querySelector('[rel="next"]') ?? view?.querySelector('[rel="prev"]'));
    const on = beside || page.doc.querySelector(".message a[href^='/images/']");
    if (view && on) showPicture(/** @type {HTMLAnchorElement} */ (on).href, true);
    else if (view) history.back();
    swapRegions({ ...page, css: "" }, ["messages"], "");
    // What had the focus is gone; the way back is next.
    if (!view || !on) setTimeout(() => /** @type {HTMLElement | null} */ (document.querySelector(".message .link"))?.focus(), 50);
  } else {
    return visit(page.url);
  }
  document.dispatchEvent(new CustomEvent("taglight:changed"));
}

/**
 * @param {HTMLFormElement} form
 * @param {URLSearchParams} fields
 * @param {boolean} below
 */
function labelsShown(form, fields, below) {
  const details = document.querySelector(".below");
  if (details instanceof HTMLDetailsElement && below) details.open = true;
  announce(fields.has("add") ? `Added ${fields.get("add")}` : `Removed ${fields.get("remove")}`);
  const next = form.matches(".add-label") ? "add-label" : "labels-title";
  document.getElementById(next)?.focus({ preventScroll: true });
}

/**
 * @param {HTMLFormElement} form
 * @param {unknown} error
 */
function complain(form, error) {
  // What is shown may not be what is there any more.
  document.dispatchEvent(new CustomEvent("taglight:changed"));
  if (!form.matches("[data-label-form]")) return say(error);
  const place = form.parentElement?.querySelector(".form-error") ?? document.createElement("p");
  place.className = "form-error";
  place.role = "alert";
  place.textContent = error instanceof Error ? error.message : "";
  form.after(place);
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || !form.matches('.view form[method="post"], .message form, .again-all')) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "yes";
  send(form)
    .catch((error) => complain(form, error))
    .finally(() => delete form.dataset.busy);
});
