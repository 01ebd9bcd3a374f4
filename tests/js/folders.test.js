import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { filesOf, isHidden } from "../../static/js/upload/folders.js";

const fileEntry = (name) => ({ name, isFile: true, isDirectory: false, file: (take) => take({ name }) });
const lost = { name: "lost.jpg", isFile: true, isDirectory: false, file: (_take, fail) => fail(new Error("moved")) };

/** A folder whose reader gives two entries at a time, as browsers give a hundred. */
function folder(name, ...entries) {
  const createReader = () => {
    const left = [...entries];
    return { readEntries: (take) => take(left.splice(0, 2)) };
  };
  return { name, isFile: false, isDirectory: true, createReader };
}

/** What a drop holds: entries with their files, and files of browsers that know no entries. */
function transfer(...entries) {
  const items = entries.map((entry) => ({
    kind: "file",
    webkitGetAsEntry: () => entry,
    getAsFile: () => (entry.isFile ? { name: entry.name } : null),
  }));
  return /** @type {any} */ ({ items });
}

/** The names of all files found in a drop. */
async function names(dropped) {
  const found = [];
  await filesOf(dropped, (files) => found.push(...files.map(({ name }) => name)));
  return found;
}

describe("the files of a drop", () => {
  it("are the files themselves and all in the folders, however deep", async () => {
    const deep = folder("2024", folder("May", fileEntry("d.jpg")), fileEntry("b.jpg"), fileEntry("c.jpg"));
    assert.deepEqual(await names(transfer(deep, fileEntry("a.jpg"))), ["a.jpg", "b.jpg", "d.jpg", "c.jpg"]);
  });

  it("leave out what is hidden", async () => {
    const holiday = folder("holiday", fileEntry(".DS_Store"), fileEntry("Thumbs.db"), fileEntry("a.jpg"), folder(".git", fileEntry("x.jpg")));
    assert.deepEqual(await names(transfer(holiday, fileEntry(".hidden.jpg"), folder("__MACOSX", fileEntry("y.jpg")))), ["a.jpg"]);
  });

  it("pass over what cannot be read", async () => {
    const broken = { ...folder("broken"), createReader: () => ({ readEntries: (_take, fail) => fail(new Error("gone")) }) };
    assert.deepEqual(await names(transfer(broken, folder("good", lost, fileEntry("a.jpg")))), ["a.jpg"]);
  });

  it("come as files where the browser knows no entries", async () => {
    const dropped = { items: [{ kind: "file", getAsFile: () => ({ name: "a.jpg" }) }, { kind: "string", getAsFile: () => null }] };
    assert.deepEqual(await names(dropped), ["a.jpg"]);
  });
});

describe("hidden", () => {
  it("is what systems and people hide, by any part of the path", () => {
    for (const path of [".a.jpg", "x/.git/a.jpg", "Thumbs.db", "__MACOSX/a.jpg"]) assert.ok(isHidden(path), path);
    for (const path of ["a.jpg", "holiday/a.b.jpg", "thumbs.jpg"]) assert.ok(!isHidden(path), path);
  });
});
