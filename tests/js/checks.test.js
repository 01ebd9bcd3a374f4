import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkFile, checkSize, contentType } from "../../static/js/upload/checks.js";

const bytes = (text) => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
const ftyp = (major, ...others) =>
  bytes(`\0\0\0${String.fromCharCode(16 + others.length * 4)}ftyp${major}\0\0\0\0${others.join("")}`);

const PICTURES = {
  "image/jpeg": ["\xff\xd8\xff\xe0\0\x10JFIF", "\xff\xd8\xff\xdb"],
  "image/png": ["\x89PNG\r\n\x1a\n\0\0\0\rIHDR"],
  "image/gif": ["GIF87a....", "GIF89a...."],
  "image/webp": ["RIFF\x10\0\0\0WEBPVP8 "],
  "image/tiff": ["II*\0\x08\0\0\0", "MM\0*\0\0\0\x08", "II+\0\x08\0\0\0"],
  "image/bmp": ["BM\x36\x10\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0"],
};

describe("the type of a file by its first bytes", () => {
  for (const [type, heads] of Object.entries(PICTURES)) {
    it(`knows ${type}`, () => heads.forEach((head) => assert.equal(contentType(bytes(head)), type)));
  }

  it("knows the HEIF family by its brands", () => {
    assert.equal(contentType(ftyp("heic", "mif1", "heic")), "image/heic");
    assert.equal(contentType(ftyp("mif1", "mif1", "heic")), "image/heic");
    assert.equal(contentType(ftyp("avif", "mif1", "miaf")), "image/avif");
    assert.equal(contentType(ftyp("mif1", "miaf")), "image/heif");
  });

  it("does not take a film, a text or a program for a picture", () => {
    const others = ["I am a text named .jpg", "BMW is a car maker in Munich", "RIFF\x10\0\0\0WAVEfmt ", "%PDF-1.7", "MZ\x90", "", "\xff\xd8"];
    for (const head of others) assert.equal(contentType(bytes(head)), "", head);
    assert.equal(contentType(ftyp("isom", "mp41")), "");
  });

  it("reads no brand beyond the end of the box", () => {
    const head = bytes("\0\0\0\x10ftypisom\0\0\0\0heic");
    assert.equal(contentType(head), "");
  });

  it("reads a head that is a view into something larger", () => {
    const whole = bytes(`......\0\0\0\x10ftypheic\0\0\0\0`);
    assert.equal(contentType(whole.subarray(6)), "image/heic");
  });
});

describe("what is refused before it is sent", () => {
  it("an empty file", () => {
    assert.deepEqual(checkSize(0, 100), { ok: false, code: "empty", message: "This file is empty." });
  });

  it("a file that is too large, with both sizes", () => {
    const verdict = checkSize(61_200_000, 50 * 1024 * 1024);
    assert.equal(!verdict.ok && verdict.message, "This file is too large: 61 MB, and 50 MB is the most.");
    assert.ok(checkSize(100, 100).ok);
  });

  it("a text named .jpg, with a sentence that says what is taken", () => {
    const verdict = checkFile(23, bytes("this is not a photograph"), 1e6);
    assert.equal(!verdict.ok && verdict.code, "not_a_picture");
    assert.match(verdict.ok ? "" : verdict.message, /not a picture .* JPEG, PNG, WebP/);
  });

  it("but not a picture, whatever its name", () => {
    assert.deepEqual(checkFile(12, bytes(PICTURES["image/jpeg"][0]), 1e6), { ok: true, type: "image/jpeg" });
  });
});
