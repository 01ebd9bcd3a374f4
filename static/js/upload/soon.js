/**
 * Return a function that does something once, a little after it was first asked to.
 * @param {number} ms
 * @param {() => void} action
 */
export function soon(ms, action) {
  /** @type {ReturnType<typeof setTimeout>|null} */
  let timer = null;
  return () => {
    timer ??= setTimeout(() => {
      timer = null;
      action();
    }, ms);
  };
}
