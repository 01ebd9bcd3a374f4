/**
 * Keys: an element with data-key="x" is clicked (a field: focused) when x is pressed outside of fields.
 */

/** @param {EventTarget | null} target */
const typing = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, select, textarea"));

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  if (typing(event.target) || document.querySelector("dialog[open], :popover-open")) return;
  const found = [...document.querySelectorAll(`[data-key="${CSS.escape(event.key)}"]`)];
  const element = found.find((each) => !each.closest("[inert]"));
  if (!(element instanceof HTMLElement)) return;
  event.preventDefault();
  if (element instanceof HTMLInputElement) {
    element.focus();
    element.select();
  } else {
    element.click();
  }
});
