/**
 * Endless scrolling on the plain link to the next page: [data-more] is followed before it comes into sight and its
 * pictures are put below. After twenty pages it stays a link, which bounds the number of elements.
 */

import { fetchPage, takeStyle } from "./regions.js";

const AHEAD_PX = 1400;
const MOST_PAGES = 20;

let pages = 1;
/** @type {Element | null} */
let loading = null;

const observer = new IntersectionObserver(
  (entries) => {
    const link = entries.find((entry) => entry.isIntersecting)?.target;
    if (link instanceof HTMLAnchorElement) load(link);
  },
  { rootMargin: `${AHEAD_PX}px` },
);

/** @param {HTMLAnchorElement} link */
async function load(link) {
  if (loading === link || pages >= MOST_PAGES) return;
  loading = link;
  observer.unobserve(link);
  try {
    const next = await fetchPage(link.href);
    if (!link.isConnected) return;
    const fresh = next.getElementById("results");
    if (!fresh?.querySelector(".tile")) return;
    takeStyle(next, true);
    append(link, fresh);
    pages += 1;
    watch();
  } catch {
    // The link stays: a click tries again.
  } finally {
    if (loading === link) loading = null;
  }
}

/**
 * @param {HTMLAnchorElement} link
 * @param {HTMLElement} fresh
 */
function append(link, fresh) {
  const results = document.getElementById("results");
  const last = results?.querySelector(".run:last-of-type");
  for (const tile of fresh.querySelectorAll(".tile")) {
    if (document.getElementById(tile.id)) tile.remove();
  }
  const [first] = fresh.querySelectorAll(".run");
  if (last && first && last.getAttribute("data-run") === first.getAttribute("data-run")) {
    last.querySelector(".grid")?.append(...first.querySelectorAll(".tile"));
    first.remove();
  }
  const place = link.parentElement;
  place?.replaceWith(...fresh.childNodes);
  results?.querySelector(".run:last-of-type")?.setAttribute("data-appended", "");
}

function watch() {
  observer.disconnect();
  const link = document.querySelector("[data-more]");
  if (link && pages < MOST_PAGES) observer.observe(link);
}

document.addEventListener("taglight:swapped", () => {
  pages = 1;
  watch();
});
watch();
