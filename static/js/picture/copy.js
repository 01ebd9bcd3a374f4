/** [data-copy="id"] copies the text of the element of that id. */

import { announce } from "../announce.js";

const SAID_MS = 1600;

document.addEventListener("click", async (event) => {
  const button = event.target instanceof Element ? event.target.closest("[data-copy]") : null;
  if (!(button instanceof HTMLElement)) return;
  const text = document.getElementById(button.dataset.copy ?? "")?.textContent ?? "";
  const word = button.textContent;
  try {
    await navigator.clipboard.writeText(text);
    button.textContent = "Copied";
    announce("Copied");
  } catch {
    button.textContent = "Could not copy";
  }
  window.setTimeout(() => (button.textContent = word), SAID_MS);
});
