/**
 * What to do where a picture does not load. Addresses in a bucket end after hours: it is asked for by a new one. On the
 * stage the original may be there where the small ones are not.
 */

import { fetchPage } from "./regions.js";

/** Addresses that were tried; one that comes back the same is not asked for again. */
const tried = new Set();

/** @param {unknown} image what did not load */
async function renew(image) {
  if (!(image instanceof HTMLImageElement)) return;
  const tile = image.closest(".tile");
  const stage = image.closest(".stage");
  const original = /** @type {HTMLAnchorElement | null | undefined} */ (stage?.querySelector("[data-original-link]"));
  const ended = image.src.includes("X-Amz-") && !tried.has(image.src) && (tile || stage);
  tried.add(image.src);
  try {
    if (ended && stage) stage.replaceWith((await fetchPage(location.href)).doc.querySelector(".stage") ?? stage);
    else if (ended && tile) {
      const { thumbnail } = await (await fetch(`/api/images/${tile.id.slice(2)}`)).json();
      image.removeAttribute("srcset");
      image.src = thumbnail.url;
    } else if (original && image.src !== original.href) image.src = original.href;
    else throw new Error("It is not there.");
  } catch {
    // Its colour stays in its place, with its name, and no sign of something broken.
    image.classList.add("gone");
  }
}

document.addEventListener("error", ({ target }) => renew(target), true);
// What has failed before this ran.
for (const image of document.images) if (image.complete && !image.naturalWidth) renew(image);
