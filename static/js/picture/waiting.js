/** A picture that waits to be tagged is shown as soon as it is: its page is looked at again, more and more rarely. */

import { fetchPage, swapRegions } from "../gallery/regions.js";

const FROM_MS = 1500;
const TO_MS = 15000;

/** @param {number} pause */
function lookAgain(pause) {
  window.setTimeout(async () => {
    const waits = document.querySelector("[data-waiting-picture]");
    if (waits && !document.hidden) {
      try {
        const page = await fetchPage(location.href);
        if (waits.isConnected) swapRegions(page, ["info", "stage"], "view");
      } catch {
        // No answer now: the next look may get one.
      }
    }
    lookAgain(waits ? Math.min(pause * 1.3, TO_MS) : FROM_MS);
  }, pause);
}

lookAgain(FROM_MS);
