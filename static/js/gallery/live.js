/**
 * The gallery without reloads: links to it, the search form and Back swap the regions in place; the newest request
 * wins. Everything stays in the address. Also follows changes made elsewhere on the page (taglight:changed).
 */

import { announce } from "../announce.js";
import { fetchPage, swapRegions } from "./regions.js";

const CHANGED_WAIT_MS = 200;
const POLL_FROM_MS = 2500;
const POLL_TO_MS = 15000;
/** What follows changes by itself; messages with their Undo stay until a person goes on. */
const FOLLOWING = ["facets", "filterbar", "results"];
/** Said once, not again after a reload. */
const SAID = ["deleted", "restored", "done"];

let visiting = new AbortController();
let busy = false;

const inGallery = () => document.body.classList.contains("gallery");
const searchForm = () => /** @type {HTMLFormElement | null} */ (document.getElementById("search"));
const searchBox = () => /** @type {HTMLInputElement | null} */ (document.getElementById("q"));

/**
 * Show another search; resolves when it is shown, or given up for a newer one.
 * @param {string} url
 * @param {{history?: "push" | "replace" | "none", scroll?: boolean}} [how]
 */
export async function visit(url, { history: way = "push", scroll = true } = {}) {
  visiting.abort();
  const mine = (visiting = new AbortController());
  busy = true;
  try {
    const next = await fetchPage(url, mine.signal);
    if (mine.signal.aborted) return;
    swapRegions(next, way === "none" && !scroll ? FOLLOWING : undefined);
    if (way === "push") history.pushState(null, "", url);
    if (way === "replace") history.replaceState(null, "", url);
    showText(next);
    if (scroll) window.scrollTo({ top: 0 });
    if (way !== "none") announce(document.querySelector(".count")?.textContent ?? "");
  } catch {
    if (!mine.signal.aborted && way !== "none") location.assign(url);
  } finally {
    if (visiting === mine) busy = false;
  }
}

/** Return the address that the form stands for, without what is at rest. */
export function formUrl() {
  const form = searchForm();
  if (!form) return location.href;
  const pairs = new URLSearchParams();
  for (const [name, value] of new FormData(form)) {
    const text = String(value).trim();
    if (text && !(name === "sort" && text === "newest")) pairs.set(name, text);
  }
  const query = pairs.toString();
  return query ? `/?${query}` : "/";
}

/** @param {Document} next */
function showText(next) {
  const box = searchBox();
  const fresh = /** @type {HTMLInputElement | null} */ (next.getElementById("q"));
  if (!box || !fresh) return;
  if (box !== document.activeElement) box.value = fresh.value;
  box.toggleAttribute("aria-invalid", fresh.hasAttribute("aria-invalid"));
}

/** Show the present address again, unless something is under way or a person reads far down. */
function refresh() {
  const reading = document.querySelector("[data-appended]") && window.scrollY > window.innerHeight;
  if (busy || reading) return schedule();
  return visit(location.href, { history: "none", scroll: false });
}

let timer = 0;
function schedule(wait = CHANGED_WAIT_MS * 5) {
  clearTimeout(timer);
  timer = window.setTimeout(refresh, wait);
}

/** While pictures on the page wait to be tagged, look again: soon at first, then more rarely. */
let pause = POLL_FROM_MS;
let seen = "";
function poll() {
  const results = document.getElementById("results");
  const waiting = results?.dataset.waiting ?? "0";
  pause = waiting === seen ? Math.min(pause * 1.3, POLL_TO_MS) : POLL_FROM_MS;
  seen = waiting;
  if (waiting !== "0" && !document.hidden) schedule(0);
  window.setTimeout(poll, pause);
}

/** @param {MouseEvent} event */
function onClick(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || link.target || link.hasAttribute("download")) return;
  if (link.origin !== location.origin || link.pathname !== "/" || link.hash) return;
  event.preventDefault();
  searchBox()?.blur();
  visit(link.href);
}

function forgetSaid() {
  const url = new URL(location.href);
  for (const name of SAID) url.searchParams.delete(name);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

function start() {
  document.addEventListener("click", onClick);
  searchForm()?.addEventListener("submit", (event) => {
    event.preventDefault();
    visit(formUrl());
  });
  document.addEventListener("change", (event) => {
    if (event.target instanceof Element && event.target.matches("[data-submit]")) visit(formUrl());
  });
  document.addEventListener("taglight:changed", () => schedule(CHANGED_WAIT_MS));
  document.addEventListener("visibilitychange", () => document.hidden || schedule(0));
  window.addEventListener("popstate", () => visit(location.href, { history: "none", scroll: false }));
  window.setTimeout(poll, POLL_FROM_MS);
}

forgetSaid();
if (inGallery()) start();
