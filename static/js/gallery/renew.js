/** Addresses in a bucket end after hours: a picture that does not load any more is asked for by a new one. */

import { fetchPage } from "./regions.js";

/** Addresses that were tried; one that comes back the same is not asked for again. */
const tried = new Set();

/** @param {unknown} image what did not load */
async function renew(image) {
  if (!(image instanceof HTMLImageElement) || !image.src.includes("X-Amz-") || tried.has(image.src)) return;
  tried.add(image.src);
  const tile = image.closest(".tile");
  const stage = image.closest(".stage");
  try {
    if (stage) stage.replaceWith((await fetchPage(location.href)).doc.querySelector(".stage") ?? stage);
    if (!tile) return;
    const { thumbnail } = await (await fetch(`/api/images/${tile.id.slice(2)}`)).json();
    image.removeAttribute("srcset");
    image.src = thumbnail.url;
  } catch {
    // Its colour stays in its place.
  }
}

document.addEventListener("error", ({ target }) => renew(target), true);
// What has failed before this ran.
for (const image of document.images) if (image.complete && !image.naturalWidth) renew(image);
