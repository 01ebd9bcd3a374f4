/**
 * Ask before the page is left while files are being sent: they would be lost. Links that would leave it, which are
 * few (our own pages take each other's place), open beside it meanwhile.
 */
import { plainLink } from "../link.js";

/** @param {() => boolean} isSending */
export function warnBeforeLeaving(isSending) {
  window.addEventListener("beforeunload", (event) => {
    if (isSending()) event.preventDefault();
  });
  document.addEventListener("click", (event) => {
    const link = isSending() ? plainLink(event) : null;
    if (!link) return;
    event.preventDefault();
    window.open(link.href, "_blank", "noopener");
  });
}
