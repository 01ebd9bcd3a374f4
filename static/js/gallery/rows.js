/** Which picture is above or below another in rows of different widths; no DOM. */

/** @typedef {{left: number, top: number, width: number}} Box */

/**
 * @param {Box[]} boxes in reading order
 * @param {number} at
 * @param {1 | -1} way down or up
 * @returns {number} the one in the next row whose middle is closest; -1 where there is no row
 */
export function inNextRow(boxes, at, way) {
  const from = boxes[at];
  const middle = (/** @type {Box} */ { left, width }) => left + width / 2;
  let best = -1;
  let row = NaN;
  for (let other = at + way; boxes[other]; other += way) {
    const box = boxes[other];
    if (Math.abs(box.top - from.top) < 2) continue;
    if (Number.isNaN(row)) row = box.top;
    if (Math.abs(box.top - row) > 2) break;
    const away = (/** @type {number} */ one) => Math.abs(middle(boxes[one]) - middle(from));
    if (best < 0 || away(other) < away(best)) best = other;
  }
  return best;
}
