/**
 * Ask before the page is left while files are being sent: they would be lost.
 */

/** @param {() => boolean} isSending */
export function warnBeforeLeaving(isSending) {
  window.addEventListener("beforeunload", (event) => {
    if (isSending()) event.preventDefault();
  });
}
