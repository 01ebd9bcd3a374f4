/**
 * The gallery without reloads: links to it, its forms and Back swap the regions in place; the newest request wins.
 * Everything stays in the address. Also follows changes made elsewhere on the page (taglight:changed).
 */

import { announce } from "../announce.js";
import { plainLink } from "../link.js";
import { hideViewer, showPicture } from "../picture/viewer.js";
import { say, tell } from "../say.js";
import { remember } from "./recent.js";
import { renewFirst, startPages, takePages } from "./pages.js";
import { fetchPage, swapRegions } from "./regions.js";

const CHANGED_WAIT_MS = 200;
const POLL_FROM_MS = 2500;
const POLL_TO_MS = 15000;
/** Said once, not again after a reload. */
const SAID = ["deleted", "restored", "done", "retried"];

let visiting = new AbortController();
let busy = false;
/** The search that is shown, also while a picture is open over it. */
let shown = location.pathname + location.search;

const inGallery = () => document.body.classList.contains("gallery");
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
    hideViewer();
    shown = next.url;
    if (way === "push") history.pushState(null, "", next.url);
    if (way === "replace") history.replaceState(null, "", next.url);
    swapRegions(next);
    document.title = next.doc.title;
    showText(next.doc);
    if (scroll) window.scrollTo({ top: 0 });
    takePages(place);
    document.dispatchEvent(new CustomEvent("taglight:visited"));
    if (way !== "none") announce(document.querySelector(".count")?.textContent ?? "");
  } catch (error) {
    if (!mine.signal.aborted) say(error, () => visit(url, { history: way, scroll, place }));
  } finally {
    if (visiting === mine) busy = false;
  }
}

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

/** Look again at what is shown, unless something is under way. Who reads far down keeps the pictures as they are. */
async function refresh() {
  if (busy) return schedule();
  const mine = visiting;
  try {
    const next = await fetchPage(searchOf(shown), { signal: mine.signal });
    if (mine.signal.aborted) return;
    const whole = window.scrollY < window.innerHeight && !renewFirst(next);
    const following = ["facets", "filterbar"];
    if (whole) swapRegions(next, [...following, "results"]);
    else swapRegions(next, following, "facets");
    if (whole) takePages();
    document.getElementById("results")?.setAttribute("data-waiting", waitingIn(next.doc));
  } catch {
    // No answer now: the next look may get one.
  }
}

/** @param {Document} page */
const waitingIn = (page) => page.getElementById("results")?.dataset.waiting ?? "0";

let timer = 0;
function schedule(wait = CHANGED_WAIT_MS * 5) {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, wait);
}

/** While pictures on the page wait to be tagged, look again: soon at first, then more rarely. */
let pause = POLL_FROM_MS;
let seen = "";
function poll() {
  const waiting = waitingIn(document);
  pause = waiting === seen ? Math.min(pause * 1.3, POLL_TO_MS) : POLL_FROM_MS;
  seen = waiting;
  if (waiting !== "0" && !document.hidden) schedule(0);
  window.setTimeout(poll, pause);
}

/** @param {MouseEvent} event */
function onClick(event) {
  const link = plainLink(event);
  if (link?.pathname !== "/") return;
  event.preventDefault();
  searchBox()?.blur();
  visit(link.href);
}

/** Say that the connection is lost, and look again when it is back. */
function followConnection() {
  /** @type {HTMLElement | undefined} */
  let message;
  window.addEventListener("offline", () => (message = tell("There is no connection. What is on the page stays.")));
  window.addEventListener("online", () => {
    message?.remove();
    schedule(0);
  });
}

/** @param {PopStateEvent} event */
function onPopState(event) {
  if (location.pathname !== "/") {
    showPicture(location.href);
    return;
  }
  const same = searchOf(location.href) === searchOf(shown);
  if (!(hideViewer() && same)) visit(location.href, { history: "none", scroll: false, place: event.state });
}

function forgetSaid() {
  const url = new URL(location.href);
  for (const name of SAID) url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(history.state, "", url);
}

function start() {
  startPages();
  document.addEventListener("click", onClick);
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!(form instanceof HTMLFormElement) || form.method !== "get" || form.id === "picked" || event.defaultPrevented) return;
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
  document.addEventListener("taglight:changed", () => schedule(CHANGED_WAIT_MS));
  document.addEventListener("visibilitychange", () => document.hidden || schedule(0));
  window.addEventListener("popstate", onPopState);
  followConnection();
  window.setTimeout(poll, POLL_FROM_MS);
}

forgetSaid();
if (inGallery()) start();
