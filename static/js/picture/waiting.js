/** A picture that waits to be tagged is shown as soon as it is: its page is looked at again, more and more rarely. */

import { fetchPage, swapRegions } from "../gallery/regions.js";

const FROM_MS = 1500;
const TO_MS = 15000;

/** @param {number} pause */
function lookAgain(pause) {
  window.setTimeout(async () => {
    if (!document.querySelector("[data-waiting-picture]")) return;
    if (!document.hidden) {
      try {
        swapRegions(await fetchPage(location.href), ["info", "stage"]);
      } catch {
        // No answer now: the next look may get one.
      }
    }
    lookAgain(Math.min(pause * 1.3, TO_MS));
  }, pause);
}

lookAgain(FROM_MS);
