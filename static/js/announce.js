/**
 * Say a sentence to screen readers, through the page's one live region (#announce).
 */

/**
 * @param {string} sentence
 */
export function announce(sentence) {
  const region = document.getElementById("announce");
  if (!region) return;
  // The same words twice are only spoken twice when the text changes in between.
  region.textContent = "";
  requestAnimationFrame(() => {
    region.textContent = sentence;
  });
}
