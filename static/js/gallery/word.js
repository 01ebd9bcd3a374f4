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

const WORDS = [
  "is:failed", "is:pending", "is:unlabelled", "is:edited", "is:trashed",
  "name:", "in:", "type:", "color:", "after:", "before:",
];
const VALUES = [
  ..."black blue brown cyan green grey orange pink purple red white yellow".split(" ").map((color) => `color:${color}`),
  ..."jpeg png webp gif avif tiff bmp heic".split(" ").map((type) => `type:${type}`),
];

/**
 * Return the words of the search language that begin like this; their values once the word is written.
 * @param {string} prefix
 */
export function wordsFor(prefix) {
  const begun = prefix.toLowerCase();
  if (!begun) return [];
  const known = begun.includes(":") ? [...WORDS, ...VALUES] : WORDS;
  return known.filter((word) => word.startsWith(begun) && word !== begun);
}

const MOST_RECENT = 8;

/**
 * Return the latest searches with one more, newest first, each once.
 * @param {unknown} kept what was kept; what makes no sense is left out
 * @param {string} text
 * @returns {string[]}
 */
export function withRecent(kept, text) {
  const before = Array.isArray(kept) ? kept.filter((each) => typeof each === "string" && each) : [];
  const all = [text.trim(), ...before].filter(Boolean);
  return [...new Set(all)].slice(0, MOST_RECENT);
}
