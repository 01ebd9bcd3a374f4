/**
 * Keeps the gallery up to date: after changes made on this page (taglight:changed), while pictures wait to be tagged,
 * and when the connection or the person comes back.
 */

import { tell } from "../say.js";
import { inGallery, nowShown } from "./live.js";
import { renewFirst, takePages } from "./pages.js";
import { fetchPage, swapRegions } from "./regions.js";

const CHANGED_WAIT_MS = 200;
const POLL_FROM_MS = 2500;
const POLL_TO_MS = 15000;

/** Look again at what is shown, unless something is under way. Who reads far down keeps the pictures as they are. */
async function refresh() {
  if (!inGallery()) return;
  const shown = nowShown();
  if (!shown) return schedule();
  try {
    const next = await fetchPage(shown.url, { signal: shown.signal });
    if (shown.signal.aborted) return;
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

/** Say that the connection is lost, and look again when it is back. */
function followConnection() {
  /** @type {HTMLElement | undefined} */
  let message;
  window.addEventListener("offline", () => (message = tell("There is no connection. What is on the page stays.")));
  window.addEventListener("online", () => {
    message?.remove();
    const lost = document.querySelector("[data-unconnected]");
    const again = lost?.querySelector("button.link");
    if (again instanceof HTMLElement) again.click();
    else lost?.remove();
    schedule(0);
  });
}

document.addEventListener("taglight:changed", () => schedule(CHANGED_WAIT_MS));
document.addEventListener("visibilitychange", () => document.hidden || schedule(0));
followConnection();
window.setTimeout(poll, POLL_FROM_MS);
