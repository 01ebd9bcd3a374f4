import assert from "node:assert/strict";
import { test } from "node:test";

import { MOST, WHOLE, clamped, swiped, zoomed } from "../../static/js/picture/geometry.js";

const PICTURE = { width: 600, height: 400 };
const STAGE = { width: 800, height: 600 };

test("what is under the pointer stays under it", () => {
  const point = { x: 120, y: -40 };
  const view = zoomed({ zoom: 2, x: 30, y: 10 }, 1.5, point);
  // The spot of the picture that was at the point: (point - middle) / zoom.
  assert.equal(view.zoom, 3);
  assert.ok(Math.abs((point.x - view.x) / 3 - (120 - 30) / 2) < 1e-9);
  assert.ok(Math.abs((point.y - view.y) / 3 - (-40 - 10) / 2) < 1e-9);
});

test("zoom has an end at both sides", () => {
  assert.equal(zoomed(WHOLE, 0.2, { x: 0, y: 0 }).zoom, 1);
  assert.equal(zoomed(WHOLE, 100, { x: 0, y: 0 }).zoom, MOST);
});

test("a picture that is smaller than its stage stays in the middle", () => {
  assert.deepEqual(clamped({ zoom: 1, x: 300, y: -90 }, PICTURE, STAGE), WHOLE);
});

test("a larger one moves as far as its edges", () => {
  assert.deepEqual(clamped({ zoom: 2, x: 9999, y: -9999 }, PICTURE, STAGE), { zoom: 2, x: 200, y: -100 });
  assert.deepEqual(clamped({ zoom: 2, x: 50, y: 20 }, PICTURE, STAGE), { zoom: 2, x: 50, y: 20 });
});

test("only a way to the side turns the page", () => {
  assert.equal(swiped(-120, 20), 1);
  assert.equal(swiped(120, -20), -1);
  assert.equal(swiped(40, 0), 0);
  assert.equal(swiped(100, 90), 0);
});
