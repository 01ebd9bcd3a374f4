/** A picture zoomed and moved on its stage; no DOM. The place is that of the middle, in px from the stage's middle. */

/** @typedef {{zoom: number, x: number, y: number}} View */
/** @typedef {{width: number, height: number}} Size */

export const MOST = 8;
/** @type {View} */
export const WHOLE = { zoom: 1, x: 0, y: 0 };

/**
 * Keep a zoomed picture over its stage: no edge comes further in than the stage's, where it is larger.
 * @param {View} view
 * @param {Size} picture as it is shown at zoom 1
 * @param {Size} stage
 * @returns {View}
 */
export function clamped({ zoom, x, y }, picture, stage) {
  const bounded = Math.min(Math.max(zoom, 1), MOST);
  const keep = (/** @type {number} */ at, /** @type {number} */ own, /** @type {number} */ frame) => {
    const room = Math.max(0, (own * bounded - frame) / 2);
    return Math.min(Math.max(at, -room), room) + 0;
  };
  return { zoom: bounded, x: keep(x, picture.width, stage.width), y: keep(y, picture.height, stage.height) };
}

/**
 * Zoom so that what is under a point stays there.
 * @param {View} view
 * @param {number} factor
 * @param {{x: number, y: number}} point from the stage's middle
 * @returns {View} not clamped but in its zoom
 */
export function zoomed(view, factor, point) {
  const zoom = Math.min(Math.max(view.zoom * factor, 1), MOST);
  const grown = zoom / view.zoom;
  return { zoom, x: point.x - (point.x - view.x) * grown, y: point.y - (point.y - view.y) * grown };
}

/**
 * Tell what a finger's way means: the next picture (1), the one before (-1), or nothing (0).
 * @param {number} x px to the right
 * @param {number} y px down
 */
export function swiped(x, y) {
  if (Math.abs(x) < 60 || Math.abs(x) < 2 * Math.abs(y)) return 0;
  return x < 0 ? 1 : -1;
}
