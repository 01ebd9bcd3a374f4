/**
 * Our pages without reloads: links, searches and Back swap the gallery's regions in place, or put another page in the
 * place of this one, while the tray goes on sending; the newest request wins. Everything stays in the address.
 */

import { announce } from "../announce.js";
import { plainLink } from "../link.js";
import { hideViewer, showPicture } from "../picture/viewer.js";
import { say } from "../say.js";
import { remember } from "./recent.js";
import { startPages, takePages } from "./pages.js";
import { fetchPage, swapPage, swapRegions } from "./regions.js";

/** Pages that are put in the place of this one; others are loaded as browsers do. */
const PAGES = /^\/(insights|help|trash|images\/\w+)?$/;
/** Said once, not again after a reload. */
const SAID = ["deleted", "restored", "done", "retried"];

let visiting = new AbortController();
let busy = false;
/** The search that is shown, also while a picture is open over it. */
let shown = location.pathname + location.search;

/** @param {Document} [page] */
export const inGallery = (page = document) => page.body.classList.contains("gallery");
/** What is shown, and the signal that ends with it; null while something else is on its way. */
export const nowShown = () => (busy ? null : { url: searchOf(shown), signal: visiting.signal });
const searchForm = () => /** @type {HTMLFormElement | null} */ (document.getElementById("search"));
const searchBox = () => /** @type {HTMLInputElement | null} */ (document.getElementById("q"));

/** @param {string} url of a gallery page @returns {string} without the place in it */
function searchOf(url) {
  const { pathname, searchParams } = new URL(url, location.href);
  for (const name of ["cursor", ...SAID]) searchParams.delete(name);
  return `${pathname}?${searchParams}`;
}

/**
 * Show another search; resolves when it is shown, or given up for a newer one.
 * @param {string} url
 * @param {{history?: "push" | "replace" | "none", scroll?: boolean, place?: import("./pages.js").Place}} [how]
 */
export async function visit(url, { history: way = "push", scroll = true, place } = {}) {
  visiting.abort();
  const mine = (visiting = new AbortController());
  busy = true;
  try {
    const next = await fetchPage(url, { signal: mine.signal });
    if (mine.signal.aborted) return;
    // Signed out meanwhile, and the like: such a page is not shown in the place of another.
    if (pathOf(next.url) !== pathOf(url)) return location.assign(url);
    hideViewer();
    shown = next.url;
    if (way === "push") history.pushState(null, "", unsaid(next.url));
    if (way === "replace") history.replaceState(null, "", unsaid(next.url));
    const left = document.querySelector(".view")?.getAttribute("data-picture");
    const within = inGallery() && inGallery(next.doc);
    if (within) swapRegions(next);
    else swapPage(next);
    document.title = next.doc.title;
    showText(next.doc);
    if (scroll) window.scrollTo({ top: 0, behavior: "instant" });
    takePages(place);
    document.dispatchEvent(new CustomEvent("taglight:visited"));
    if (!within) focusOn(left);
    const news = inGallery() ? document.querySelector(".count")?.textContent : document.title;
    if (way !== "none") announce(news ?? "");
  } catch (error) {
    if (!mine.signal.aborted) say(error, () => visit(url, { history: way, scroll, place }));
  } finally {
    if (visiting === mine) busy = false;
  }
}

/**
 * Another page begins at its beginning, but for the way back from a picture.
 * @param {string | null | undefined} picture
 */
function focusOn(picture) {
  const link = document.getElementById(`t-${picture}`)?.querySelector("a");
  (link ?? document.getElementById("main"))?.focus({ preventScroll: !link });
}

/** @param {string} url */
const pathOf = (url) => new URL(url, location.href).pathname;

/** Return the address that the form stands for, without what is at rest. */
export function formUrl() {
  const form = searchForm();
  if (!form) return location.href;
  return `${form.action}?${pairsOf(form)}`;
}

/** @param {HTMLFormElement} form */
function pairsOf(form) {
  const pairs = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (text && !(name === "sort" && text === "newest")) pairs.set(name, text);
  }
  return pairs;
}

/** @param {Document} next */
function showText(next) {
  const box = searchBox();
  const fresh = /** @type {HTMLInputElement | null} */ (next.getElementById("q"));
  if (!box || !fresh) return;
  if (box !== document.activeElement) box.value = fresh.value;
  box.toggleAttribute("aria-invalid", fresh.hasAttribute("aria-invalid"));
}

/** @param {MouseEvent} event */
function onClick(event) {
  const link = plainLink(event);
  if (!link || !PAGES.test(link.pathname)) return;
  event.preventDefault();
  searchBox()?.blur();
  visit(link.href);
}

/** @param {PopStateEvent} event */
function onPopState({ state }) {
  if (inGallery() && location.pathname.startsWith("/images/")) {
    showPicture(location.href);
    return;
  }
  const same = location.pathname === "/" && searchOf(location.href) === searchOf(shown);
  if (!(hideViewer() && same)) visit(location.href, { history: "none", scroll: false, place: state });
}

/** @param {string} url @returns {string} */
function unsaid(url) {
  const clean = new URL(url, location.href);
  for (const name of SAID) clean.searchParams.delete(name);
  return clean.href;
}

function start() {
  startPages();
  document.addEventListener("click", onClick);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "get" || form.id === "picked" || event.defaultPrevented) return;
    if (!PAGES.test(pathOf(form.action))) return;
    event.preventDefault();
    if (form === searchForm()) remember(searchBox()?.value ?? "");
    visit(`${form.action}?${pairsOf(form)}`);
  });
  document.addEventListener("change", (event) => {
    const field = event.target;
    if (!(field instanceof HTMLInputElement || field instanceof HTMLSelectElement)) return;
    if (field.matches("[data-submit]")) visit(formUrl());
    if (field.matches("[data-bound]")) field.form?.requestSubmit();
  });
  window.addEventListener("popstate", onPopState);
}

if (unsaid(location.href) !== location.href) history.replaceState(history.state, "", unsaid(location.href));
start();
