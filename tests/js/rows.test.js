/** Up and down in rows of pictures. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { inNextRow } from "../../static/js/gallery/rows.js";

/** @param {number} top @param {number[]} widths */
const row = (top, ...widths) => {
  let left = 0;
  return widths.map((width) => {
    const box = { left, top, width };
    left += width + 4;
    return box;
  });
};

describe("the picture above or below", () => {
  const boxes = [...row(0, 300, 100, 200), ...row(204, 150, 450), ...row(440, 120)];

  it("is the one whose middle is closest", () => {
    assert.equal(inNextRow(boxes, 0, 1), 3);
    assert.equal(inNextRow(boxes, 1, 1), 4);
    assert.equal(inNextRow(boxes, 2, 1), 4);
    assert.equal(inNextRow(boxes, 4, -1), 1);
    assert.equal(inNextRow(boxes, 3, -1), 0);
    assert.equal(inNextRow(boxes, 4, 1), 5);
  });

  it("is none beyond the first and the last row", () => {
    assert.equal(inNextRow(boxes, 2, -1), -1);
    assert.equal(inNextRow(boxes, 5, 1), -1);
  });
});
