/**
 * Return the link that a click means to follow here: not in another tab, nor what a script has taken already.
 * @param {MouseEvent} event
 * @returns {HTMLAnchorElement | null}
 */
export function plainLink(event) {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return null;
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  const own = link instanceof HTMLAnchorElement && link.origin === location.origin;
  return own && !link.target && !link.hasAttribute("download") && !link.hash ? link : null;
}
