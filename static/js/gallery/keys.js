/**
 * Keys: an element with data-key="x" is clicked (a field: focused) when x is pressed outside of fields.
 */

import { say } from "../say.js";
import { fetchPage } from "./regions.js";

/** The list of keys, over what one is doing; it stands on the help page. */
async function showKeys() {
  const keys = (await fetchPage("/help")).doc.getElementById("keys");
  if (!keys) return;
  const dialog = document.createElement("dialog");
  dialog.className = "keys-dialog";
  dialog.setAttribute("aria-labelledby", "keys-title");
  dialog.append(keys);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {EventTarget | null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches('input:not([type="checkbox"]), select, textarea'));

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (typing(event.target) || document.querySelector("dialog[open], :popover-open")) return;
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)];
  const element = found.find((each) => !each.closest("[inert]"));
  if (!(element instanceof HTMLElement)) return;
  event.preventDefault();
  if (event.key === "?") {
    showKeys().catch(say);
    return;
  }
  if (element instanceof HTMLInputElement) {
    element.focus();
    element.select();
  } else {
    element.click();
  }
});
