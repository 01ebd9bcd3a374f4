/** The word that is being written in the search box; no DOM. */

const SPECIAL = /[\s"|:<>=*]|^-/;

/**
 * Find the label name before the caret.
 * @param {string} text up to the caret
 * @returns {{start: number, prefix: string}} where it begins (with its quote, without its minus), and what is written
 */
export function wordAt(text) {
  const quoted = (text.match(/"/g)?.length ?? 0) % 2 === 1;
  const start = quoted ? text.lastIndexOf('"') : text.search(/[^\s|]*$/);
  const word = text.slice(start);
  const sign = word.startsWith("-") ? 1 : 0;
  return { start: start + sign, prefix: word.slice(sign).replace(/^"/, "") };
}

/**
 * Return a label name as it is written in a search.
 * @param {string} name
 */
export const written = (name) => (SPECIAL.test(name) ? `"${name.replace(/"/g, "")}"` : name);
