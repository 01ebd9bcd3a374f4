/**
 * Fetch one of our own pages and put its regions in the place of those shown.
 *
 * data-region="name"  content that is swapped as a whole
 * data-part="name"    inside a region: where old and new have the same parts, only these are swapped, so that a
 *                     slider that is being dragged stays where it is
 * data-sync           inside such a region: a field whose value follows the new page, unless it has data-busy
 * Event taglight:swapped on document, after each swap.
 */

/** A page that could not be had; the browser should go there itself. */
export class PageError extends Error {}

/**
 * @param {string} url
 * @param {AbortSignal} [signal]
 * @returns {Promise<Document>} also for a mistake in the search (status 400), which is a page like any other
 */
export async function fetchPage(url, signal) {
  const response = await fetch(url, { signal, headers: { Accept: "text/html" }, credentials: "same-origin" });
  if (response.status >= 500 || !response.headers.get("Content-Type")?.startsWith("text/html")) {
    throw new PageError(`Status ${response.status}`);
  }
  return new DOMParser().parseFromString(withOwnNonce(await response.text()), "text/html");
}

/**
 * The parsed page is under the policy of the page shown: give its one <style> the nonce that holds here.
 * @param {string} html
 */
function withOwnNonce(html) {
  const nonce = document.getElementById("page-style")?.nonce ?? "";
  return html.replace(/(<style id="page-style" nonce=")[^"]*/, (_, start) => start + nonce);
}

/**
 * @param {Document} next
 * @param {string[]} [names] only these regions; all where left out
 */
export function swapRegions(next, names) {
  takeStyle(next, false);
  for (const region of regionsOf(document)) {
    const name = region.dataset.region ?? "";
    const fresh = regionsOf(next).find((other) => other.dataset.region === name);
    if (fresh && (!names || names.includes(name))) swap(region, fresh);
  }
  document.title = next.title;
  document.dispatchEvent(new CustomEvent("taglight:swapped"));
}

/**
 * Take over the few rules that carry ratios and colours.
 * @param {Document} next
 * @param {boolean} append keep the present ones
 */
export function takeStyle(next, append) {
  const style = document.getElementById("page-style");
  const fresh = next.getElementById("page-style")?.textContent ?? "";
  if (style) style.textContent = append ? `${style.textContent}\n${fresh}` : fresh;
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
 * @param {Element} old
 * @param {Element} fresh
 */
function replaceContent(old, fresh) {
  if (old.innerHTML === fresh.innerHTML) return;
  keepTiles(old, fresh);
  old.replaceChildren(...fresh.childNodes);
}

/**
 * Keep the elements of pictures that have not changed, so that what is loaded does not flicker.
 * @param {Element} old
 * @param {Element} fresh
 */
function keepTiles(old, fresh) {
  for (const tile of fresh.querySelectorAll("[id^='t-']")) {
    const shown = old.querySelector(`#${CSS.escape(tile.id)}`);
    if (shown?.isEqualNode(tile)) tile.replaceWith(shown);
  }
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
