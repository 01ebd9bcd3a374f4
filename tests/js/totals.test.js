import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UploadQueue } from "../../static/js/upload/queue.js";
import { report } from "../../static/js/upload/reports.js";
import { Speedometer, WINDOW_MS, totals } from "../../static/js/upload/totals.js";
import { byteSize, count, percent, stateLine, summary, timeLeft } from "../../static/js/upload/words.js";

/** A queue's items in the given states, each of 1,000 bytes. */
function items(...states) {
  const queue = new UploadQueue();
  return states.map((state, n) => queue.add({ name: `${n}.jpg`, size: 1000, state }));
}

describe("sums", () => {
  it("count states and the bytes still to send", () => {
    const some = items("tagged", "pending", "sending", "waiting", "rejected", "duplicate");
    some[2].sent = 400;
    const sums = totals(some, 800);
    assert.deepEqual([sums.files, sums.unsent, sums.bytesLeft], [6, 2, 1600]);
    assert.equal(sums.secondsLeft, 2);
    assert.equal(sums.done, 2400 / 4000);
    assert.equal(sums.counts.tagged, 1);
  });

  it("say no time where no speed is known, or nothing is left", () => {
    assert.equal(totals(items("waiting")).secondsLeft, null);
    assert.equal(totals(items("tagged"), 100).secondsLeft, null);
    assert.equal(totals([]).done, 0);
  });
});

describe("the speed", () => {
  it("is not told from too little", () => {
    const meter = new Speedometer();
    assert.equal(meter.speed(0), 0);
    meter.note(0, 0);
    meter.note(100, 1000);
    assert.equal(meter.speed(100), 0);
  });

  it("is that of the last seconds", () => {
    const meter = new Speedometer();
    for (let s = 0; s <= 10; s += 1) meter.note(s * 1000, s < 5 ? 0 : (s - 5) * 2000);
    assert.equal(Math.round(meter.speed(10_000)), 10_000 / (WINDOW_MS / 1000));
    meter.reset();
    assert.equal(meter.speed(10_000), 0);
  });

  it("falls when nothing moves any more", () => {
    const meter = new Speedometer();
    meter.note(0, 0);
    meter.note(1000, 1000);
    assert.equal(meter.speed(1000), 1000);
    assert.equal(meter.speed(4000), 250);
  });
});

describe("words", () => {
  it("for sizes", () => {
    assert.deepEqual([0, 999, 1000, 820_400, 999_499, 999_500, 2_100_000, 48_000_000, 3.2e9].map(byteSize),
      ["0 bytes", "999 bytes", "1 KB", "820 KB", "999 KB", "1.0 MB", "2.1 MB", "48 MB", "3.2 GB"]);
  });

  it("for times", () => {
    assert.deepEqual([0.2, 9, 59.4, 60, 240, 3599, 7200].map(timeLeft),
      ["1 s left", "9 s left", "59 s left", "1 min left", "4 min left", "1 h left", "2 h left"]);
  });

  it("for confidence: never surer than it is", () => {
    assert.deepEqual([99.97, 97.5, 100].map(percent), ["99\u00a0%", "97\u00a0%", "100\u00a0%"]);
  });

  it("for how the whole stands", () => {
    const sums = totals(items("tagged", "tagged", "sending", "failed", "duplicate"), 500);
    const parts = ["1 to send", "2 tagged", "1 already here", "1 problem", "500 bytes/s", "2 s left"];
    assert.deepEqual(summary(sums).split(" "), parts.map((part, at) => part.replaceAll(" ", "\u00a0") + (at < 5 ? "\u00a0·" : "")));
    assert.equal(count(1204, "picture"), "1,204 pictures");
  });

  it("for every state of a file", () => {
    for (const state of Object.keys(totals([]).counts)) {
      const [item] = items(state);
      assert.ok(stateLine(item), state);
    }
  });
});

describe("what screen readers are told", () => {
  const sums = (...states) => totals(items(...states));

  it("at the turns that matter", () => {
    assert.equal(report(sums(), sums("waiting", "waiting")), "2 pictures added.");
    assert.equal(report(sums("sending"), sums("pending")), "All sent. 1 picture waiting to be tagged.");
    assert.equal(report(sums("pending", "tagged"), sums("failed", "tagged")), "Done: 1 tagged, 1 not tagged.");
    assert.equal(report(sums(), sums("cancelled", "duplicate")), "Done: 1 already here, 1 cancelled.");
    assert.match(report(sums(), sums("rejected")), /^1 file refused/);
  });

  it("and not in between", () => {
    assert.equal(report(sums("pending", "pending"), sums("pending", "tagged")), "");
    assert.equal(report(sums(), sums()), "");
  });
});
