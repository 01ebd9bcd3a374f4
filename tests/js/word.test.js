import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { withRecent, wordAt, wordsFor, written } from "../../static/js/gallery/word.js";

describe("the word that is completed", () => {
  /** @type {[text: string, start: number, prefix: string][]} */
  const cases = [
    ["do", 0, "do"],
    ["dog be", 4, "be"],
    ["dog|ca", 4, "ca"],
    ["-per", 1, "per"],
    ['beach "hot d', 6, "hot d"],
    ['-"hot d', 1, "hot d"],
    ["dog ", 4, ""],
  ];
  for (const [text, start, prefix] of cases) {
    it(`after ${text}`, () => assert.deepEqual(wordAt(text), { start, prefix }));
  }

  it("is quoted where the search would read it otherwise", () => {
    assert.equal(written("Dog"), "Dog");
    assert.equal(written("Hot Dog"), '"Hot Dog"');
    assert.equal(written("is:odd"), '"is:odd"');
    assert.equal(written("-minus"), '"-minus"');
  });
});

it("words of the language are completed, and their values", () => {
  assert.deepEqual(wordsFor("i"), ["is:failed", "is:pending", "is:unlabelled", "is:edited", "is:trashed", "in:"]);
  assert.deepEqual(wordsFor("Color:b"), ["color:black", "color:blue", "color:brown"]);
  assert.deepEqual(wordsFor("type:h"), ["type:heic"]);
  assert.deepEqual(wordsFor("is:failed"), []);
  assert.deepEqual(wordsFor(""), []);
});

it("the latest searches come first, each once, and not too many", () => {
  assert.deepEqual(withRecent(["dog", "cat"], " cat "), ["cat", "dog"]);
  assert.deepEqual(withRecent("nonsense", "dog"), ["dog"]);
  assert.deepEqual(withRecent([1, null, "dog"], ""), ["dog"]);
  assert.equal(withRecent([..."abcdefghij"], "z").length, 8);
});
