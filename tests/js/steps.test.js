import assert from "node:assert/strict";
import { test } from "node:test";

import { labelSteps } from "../../static/js/select/steps.js";

/**
 * What catalog/edits.py does with a step.
 * @param {any} image
 * @param {{add?: string[], remove?: string[]}} step
 */
function apply(image, { add = [], remove = [] }) {
  const machine = image.document.Labels.map(({ Name }) => Name);
  let { Added, Removed } = image.document.Edits;
  Added = Added.map(({ Name }) => Name);
  Removed = Removed.map(({ Name }) => Name);
  for (const name of add) {
    const back = Removed.includes(name);
    Removed = Removed.filter((each) => each !== name);
    if (!(back && machine.includes(name)) && !Added.includes(name)) Added.push(name);
  }
  for (const name of remove) {
    Added = Added.filter((each) => each !== name);
    if (machine.includes(name) && !Removed.includes(name)) Removed.push(name);
  }
  return picture(machine, Added, Removed);
}

const named = (names) => names.map((Name) => ({ Name }));
/** @returns {any} */
const picture = (machine, added, removed) => ({
  document: { Labels: named(machine), Edits: { Added: named(added), Removed: named(removed) } },
});

for (const machine of [[], ["Dog"]]) {
  for (const [added, removed] of [[[], []], [["Dog"], []], [[], machine]]) {
    for (const what of /** @type {const} */ (["add", "reject"])) {
      test(`${what} and undo: machine ${machine}, added ${added}, rejected ${removed}`, () => {
        const before = picture(machine, added, removed);
        const { steps, undo } = labelSteps(what, "Dog", before);
        const after = steps.reduce(apply, before);
        const names = (list) => after.document.Edits[list].map(({ Name }) => Name);
        const shown = (machine.length > 0 && !names("Removed").includes("Dog")) || names("Added").includes("Dog");
        assert.equal(shown, what === "add");
        assert.deepEqual(undo.reduce(apply, after), before);
      });
    }
  }
}

test("a document without edits, or none at all", () => {
  assert.deepEqual(labelSteps("reject", "Dog", { document: null }).steps, []);
  assert.deepEqual(labelSteps("add", "Dog", { document: { Labels: null } }).steps, [{ add: ["Dog"] }]);
});
