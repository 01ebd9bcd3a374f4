/**
 * Fetch one of our own pages and put its regions in the place of those shown.
 *
 * data-region="name"  content that is swapped as a whole
 * data-part="name"    inside a region: where old and new have the same parts, only these are swapped, so that a
 *                     slider that is being dragged stays where it is
 * data-sync           inside such a region: a field whose value follows the new page, unless it has data-busy
 * Event taglight:swapped on document, after each swap.
 */
import { ApiError, sentenceFor } from "../api.js";
import { keepFocus } from "./focus.js";

/** @typedef {{doc: Document, css: string, url: string, status: number}} Fetched url: after redirects, without origin */

const STYLE = /<style id="page-style"[^>]*>([^]*?)<\/style>/;

/**
 * @param {string} url
 * @param {RequestInit} [how]
 * @returns {Promise<Fetched>} also for a mistake in the search (status 400), which is a page like any other
 * @throws {ApiError} where no page came, or the server has a problem
 */
export async function fetchPage(url, how = {}) {
  let response;
  let html;
  try {
    response = await fetch(url, { headers: { Accept: "text/html" }, ...how });
    html = await response.text();
  } catch (error) {
    if (how.signal?.aborted) throw error;
    throw new ApiError(sentenceFor(0), 0);
  }
  if (response.status >= 500 || !response.headers.get("Content-Type")?.startsWith("text/html")) {
    throw new ApiError(sentenceFor(response.status), response.status);
  }
  // Taken out before it is parsed: the nonce of that page is not the one that holds here.
  const css = STYLE.exec(html)?.[1] ?? "";
  const doc = new DOMParser().parseFromString(html.replace(STYLE, ""), "text/html");
  const { pathname, search } = new URL(response.url);
  return { doc, css, url: pathname + search, status: response.status };
}

/** @type {Map<unknown, CSSStyleSheet>} */
const sheets = new Map();

/**
 * Hold the few rules that carry ratios and colours for an owner, until others come for it, or "" .
 * @param {unknown} owner
 * @param {string} css
 */
export function setStyle(owner, css) {
  // A new search: what came for the pages of the last one goes.
  if (owner === "page") for (const each of [...sheets.keys()]) if (each !== "view") sheets.delete(each);
  const sheet = sheets.get(owner) ?? new CSSStyleSheet();
  sheet.replaceSync(css);
  if (css) sheets.set(owner, sheet);
  else sheets.delete(owner);
  document.adoptedStyleSheets = [...sheets.values()];
}

/**
 * @param {Fetched} page
 * @param {string[]} [names] only these regions; all where left out
 * @param {unknown} [owner] of the page's rules
 */
export function swapRegions({ doc, css }, names, owner = "page") {
  setStyle(owner, css);
  for (const region of regionsOf(document)) {
    const name = region.dataset.region ?? "";
    const fresh = regionsOf(doc).find((other) => other.dataset.region === name);
    if (fresh && (!names || names.includes(name))) swap(region, fresh);
  }
  document.dispatchEvent(new CustomEvent("taglight:swapped"));
}

/**
 * Put a page in the place of the one that is shown. What goes on meanwhile stays: the tray, and what is said.
 * @param {Fetched} page
 */
export function swapPage({ doc, css }) {
  setStyle("view", "");
  setStyle("page", css);
  const [header, fresh] = [document, doc].map((page) => page.querySelector("body > header"));
  // The search box stays, with what is being written in it.
  const both = header && fresh;
  const moving = both ? "body > main" : "body > main, body > header, body > .note";
  for (const old of document.querySelectorAll(moving)) old.remove();
  const messages = document.getElementById("messages");
  for (const part of doc.querySelectorAll(moving)) {
    if (part.matches("main")) messages?.after(part);
    else messages?.before(part);
  }
  messages?.replaceChildren(...(doc.getElementById("messages")?.childNodes ?? []));
  document.body.className = doc.body.className;
  document.dispatchEvent(new CustomEvent("taglight:swapped"));
}

/** @param {Document} root @returns {HTMLElement[]} */
const regionsOf = (root) => [...root.querySelectorAll("[data-region]")].map((each) => /** @type {HTMLElement} */ (each));

/** @param {Element} root */
const partsOf = (root) => [...root.querySelectorAll("[data-part]")];

/** @param {Element} part */
const partName = (part) => part.getAttribute("data-part");

/**
 * @param {HTMLElement} old
 * @param {HTMLElement} fresh
 */
function swap(old, fresh) {
  const parts = partsOf(old);
  const freshParts = partsOf(fresh);
  const same = parts.length > 0 && parts.map(partName).join() === freshParts.map(partName).join();
  if (same) {
    parts.forEach((part, index) => replaceContent(part, freshParts[index]));
    syncFields(old, fresh);
  } else {
    replaceContent(old, fresh);
  }
  for (const { name, value } of fresh.attributes) old.setAttribute(name, value);
}

/**
 * Put the content of one element in the place of another's. The elements of pictures that have not changed stay, so
 * that what is loaded does not flicker.
 * @param {Element} old
 * @param {Element} fresh
 */
export function replaceContent(old, fresh) {
  if (old.innerHTML === fresh.innerHTML) return;
  keepFocus(old, () => {
    for (const tile of fresh.querySelectorAll("[id^='t-']")) {
      const shown = old.querySelector(`#${CSS.escape(tile.id)}`);
      if (shown?.isEqualNode(tile)) tile.replaceWith(shown);
    }
    old.replaceChildren(...fresh.childNodes);
  });
}

/**
 * @param {Element} old
 * @param {Element} fresh
 */
function syncFields(old, fresh) {
  const values = [...fresh.querySelectorAll("[data-sync]")];
  [...old.querySelectorAll("[data-sync]")].forEach((field, index) => {
    const source = /** @type {HTMLInputElement} */ (values[index]);
    const target = /** @type {HTMLInputElement} */ (field);
    if (!source || target.hasAttribute("data-busy")) return;
    if (target.value !== source.value) target.value = source.value;
    if (target.placeholder !== source.placeholder) target.placeholder = source.placeholder;
  });
  const [slider, freshSlider] = [old, fresh].map((root) => root.querySelector("[data-slider]"));
  if (slider && freshSlider) slider.className = freshSlider.className;
  const [controls, freshControls] = [old, fresh].map((root) => root.querySelector(".controls"));
  controls?.toggleAttribute("hidden", freshControls?.hasAttribute("hidden") ?? false);
}
