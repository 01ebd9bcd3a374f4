/**
 * Endless scrolling: the link to the next page ([data-more]) becomes the place of that page (.page, data-url), which
 * is filled before it comes into sight and emptied, its height kept, when it is far away. So the number of elements
 * stays bounded however far one scrolls. The address says which page is on top; where the pages were, and how high,
 * is kept beside it in the history, so that a reload or Back comes out at the same place.
 */
import { fetchPage, replaceContent, setStyle } from "./regions.js";

const REMEMBER_MS = 300;
/** So far down, in pixels, the bar on top covers pictures. */
const UNDER_BAR = 160;

/** @typedef {{pages?: [url: string, height: number][], y?: number, tile?: string, top?: number}} Place what the history keeps */

/** @type {Set<Element>} */
const near = new Set();
/** What the server sent for a page, before its last row went over to the next one. @type {WeakMap<Element, string>} */
const sent = new WeakMap();

const observer = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) {
        near.add(target);
        fill(/** @type {HTMLElement} */ (target));
      } else {
        near.delete(target);
        empty(/** @type {HTMLElement} */ (target));
      }
    }
  },
  { rootMargin: "250% 0px" },
);

/** @returns {HTMLElement[]} */
const allPages = () => [...document.querySelectorAll(".page")].map((page) => /** @type {HTMLElement} */ (page));

/** @param {Element} page */
const isFilled = (page) => page.querySelector(".tile") !== null;

/** @param {HTMLElement} page */
async function fill(page) {
  const url = page.dataset.url ?? "";
  if (isFilled(page) || page.ariaBusy || !url) return;
  page.ariaBusy = "true";
  try {
    const { doc, css } = await fetchPage(`${url}${url.includes("?") ? "&" : "?"}part=results`);
    if (near.has(page) && page.isConnected) put(page, doc, css);
  } catch {
    // The link to it stays: a click tries again.
    show(page.previousElementSibling);
  } finally {
    page.ariaBusy = null;
  }
}

/**
 * @param {HTMLElement} page
 * @param {Document} doc
 * @param {string} css
 */
function put(page, doc, css) {
  const fresh = doc.querySelector(".page");
  if (!fresh) return page.remove();
  sent.set(page, fresh.innerHTML);
  giveBack(page);
  giveBack(page.nextElementSibling);
  for (const tile of fresh.querySelectorAll(".tile")) {
    const shown = document.getElementById(tile.id);
    if (shown && !page.contains(shown)) tile.remove();
  }
  setStyle(page, css);
  replaceContent(page, fresh);
  page.style.height = "";
  settle(page);
}

/**
 * Make room for the page after a filled one, and close the rows between it and its neighbours.
 * @param {HTMLElement} page
 */
function settle(page) {
  const link = page.querySelector("[data-more]");
  if (link?.parentElement && !page.nextElementSibling) {
    const next = pageOf(link.getAttribute("href") ?? "", 0);
    next.append(link.parentElement);
    page.after(next);
    for (const tile of lastRow(page)) tile.dataset.unfinished = "";
  } else {
    link?.parentElement?.remove();
  }
  join(page.previousElementSibling, page);
  join(page, page.nextElementSibling);
  document.dispatchEvent(new CustomEvent("taglight:tiles"));
}

/**
 * @param {string} url
 * @param {number} height
 */
function pageOf(url, height) {
  const page = document.createElement("div");
  page.className = "page";
  page.dataset.url = url;
  if (height) page.style.height = `${height}px`;
  observer.observe(page);
  return page;
}

/**
 * Return the last row of a page, which the page after it may finish; [] where it is the only one of its day.
 * @param {Element | null} page
 * @returns {HTMLElement[]}
 */
function lastRow(page) {
  const tiles = [...(page?.querySelectorAll(".run:last-of-type .tile") ?? [])].map((tile) => /** @type {HTMLElement} */ (tile));
  const row = tiles.filter((tile) => tile.offsetTop === tiles.at(-1)?.offsetTop);
  return row.length === tiles.length ? [] : row;
}

/**
 * Show the row that was kept back: filled up later, its pictures would move while they are looked at.
 * @param {Element | null} page
 */
function show(page) {
  for (const tile of page?.querySelectorAll("[data-unfinished]") ?? []) tile.removeAttribute("data-unfinished");
}

/**
 * Where a day goes on, the last row above, which is not full, is lent to the page below.
 * @param {Element | null} above
 * @param {Element | null} below
 */
function join(above, below) {
  const last = above?.querySelector(".run:last-of-type");
  const first = below?.querySelector(".run");
  if (!last || !first) return;
  show(above);
  if (last.getAttribute("data-run") !== first.getAttribute("data-run")) return;
  first.querySelector(".day")?.remove();
  if (first.querySelector("[data-lent]")) return;
  const row = lastRow(above);
  for (const tile of row) tile.dataset.lent = "";
  first.querySelector(".grid")?.prepend(...row);
  last.querySelector(".grid")?.toggleAttribute("data-full", row.length > 0);
}

/**
 * Give the row back that a page has from the one above it.
 * @param {Element | null} below
 */
function giveBack(below) {
  const lent = [...(below?.querySelectorAll("[data-lent]") ?? [])];
  const grid = below?.previousElementSibling?.querySelector(".run:last-of-type .grid");
  if (!grid) return;
  for (const tile of lent) tile.removeAttribute("data-lent");
  grid.append(...lent);
  grid.removeAttribute("data-full");
}

/** @param {HTMLElement} page */
function empty(page) {
  if (!isFilled(page) || page.contains(document.activeElement)) return;
  giveBack(page);
  page.style.height = `${page.offsetHeight}px`;
  page.replaceChildren();
  const [above, below] = [page.previousElementSibling, page.nextElementSibling];
  // A row that is lent keeps its shape by the rules of the page it came from.
  if (!below?.querySelector("[data-lent]")) setStyle(page, "");
  if (above && !isFilled(above)) setStyle(above, "");
}

/**
 * Take over the pages that are shown after a load or a swap, and put those around them that were there before.
 * @param {Place | null} [place] where the person was
 */
export function takePages(place) {
  observer.disconnect();
  near.clear();
  const [shown, ...others] = allPages();
  if (!shown && place?.y) window.scrollTo({ top: place.y, behavior: "instant" });
  if (!shown || others.length) return;
  sent.set(shown, shown.innerHTML);
  observer.observe(shown);
  const kept = place?.pages ?? [];
  const here = kept.findIndex(([url]) => url === shown.dataset.url);
  if (here >= 0) {
    document.querySelector(".from-first")?.remove();
    shown.before(...kept.slice(0, here).map(([url, height]) => pageOf(url, height)));
    shown.after(...kept.slice(here + 1).map(([url, height]) => pageOf(url, height)));
  }
  settle(shown);
  if (place?.y === undefined) return;
  // Pages are as high as their pictures came out; the picture on top is the place.
  const tile = document.getElementById(place.tile ?? "");
  const moved = tile ? tile.getBoundingClientRect().top - (place.top ?? 0) : place.y - window.scrollY;
  window.scrollBy({ top: moved, behavior: "instant" });
}

/**
 * Bring the first page up to date, in place where the same pictures follow it.
 * @param {import("./regions.js").Fetched} next
 * @returns {boolean} false where only showing all of it anew will do
 */
export function renewFirst({ doc, css }) {
  const [page, after] = allPages();
  const fresh = doc.querySelector(".page");
  if (!page || !fresh || page.dataset.url !== fresh.getAttribute("data-url") || !isFilled(page)) return false;
  if (sent.get(page) === fresh.innerHTML) return true;
  if (fresh.querySelector("[data-more]")?.getAttribute("href") !== after?.dataset.url) return false;
  put(page, doc, css);
  return true;
}

/** Fetch again what is shown, because these pictures have changed. */
export async function renewShown() {
  for (const page of allPages().filter(isFilled)) {
    const url = page.dataset.url ?? "";
    const { doc, css } = await fetchPage(`${url}${url.includes("?") ? "&" : "?"}part=results`);
    if (isFilled(page)) put(page, doc, css);
  }
}

let timer = 0;
function remember() {
  timer = 0;
  if (location.pathname !== "/") {
    history.replaceState({ ...history.state, y: window.scrollY }, "");
    return;
  }
  const pages = allPages();
  const top = pages.find((page) => page.getBoundingClientRect().bottom > UNDER_BAR) ?? pages[0];
  const above = (/** @type {Element} */ element) => element.getBoundingClientRect().bottom <= UNDER_BAR;
  const tile = [...(top?.querySelectorAll(".tile") ?? [])].find((each) => !above(each));
  /** @type {Place} */
  const place = {
    pages: pages.map((page) => [page.dataset.url ?? "", page.offsetHeight]),
    y: window.scrollY,
    tile: tile?.id,
    top: tile?.getBoundingClientRect().top,
  };
  if (top) history.replaceState(place, "", top.dataset.url);
}

/** Start to keep the place; called once. */
export function startPages() {
  history.scrollRestoration = "manual";
  takePages(history.state);
  window.addEventListener("scroll", () => {
    timer ||= window.setTimeout(remember, REMEMBER_MS);
  });
}
