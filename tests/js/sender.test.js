import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ApiError } from "../../static/js/api.js";
import { MAX_ATTEMPTS, PARALLEL, UploadQueue } from "../../static/js/upload/queue.js";
import { Sender } from "../../static/js/upload/sender.js";

const LATER = "2030-01-01T00:00:00Z";

/** A server that takes everything, and what can be changed about it. */
function setUp(overrides = {}) {
  const world = {
    time: 0,
    hashes: 0,
    asked: /** @type {any[][]} */ ([]),
    puts: /** @type {string[]} */ ([]),
    atOnce: 0,
    most: 0,
    hash: async (file) => {
      world.hashes += 1;
      return `sha of ${file.content}`;
    },
    answer: /** @returns {any} */ (file) => ({
      name: file.name, status: "ready", key: `uploads/${file.name}`, id: `id-${file.name}`, method: "PUT",
      url: `/upload/${file.name}`, headers: {}, expires_at: LATER,
    }),
    askTickets: async (files) => {
      world.asked.push(files);
      return { uploads: files.map(world.answer) };
    },
    result: /** @type {(file: any, n: number) => any} */ (() => ({ status: 201, body: {} })),
    put: async (file, ticket) => {
      world.puts.push(ticket.key);
      world.most = Math.max(world.most, ++world.atOnce);
      await new Promise((resolve) => setImmediate(resolve));
      world.atOnce -= 1;
      return world.result(file, world.puts.length);
    },
    now: () => world.time,
    later: (action, ms) => {
      world.time += ms;
      setImmediate(action);
    },
    ...overrides,
  };
  const queue = new UploadQueue();
  const sender = new Sender(queue, world);
  const add = (name, content = name) => queue.add({ name, size: 10, file: /** @type {any} */ ({ content }) });
  return { world, queue, sender, add };
}

/** Let everything happen that happens by itself. */
async function settle(rounds = 200) {
  for (let n = 0; n < rounds; n += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe("sending", () => {
  it("takes files through hash, ticket and PUT", async () => {
    const { world, sender, add } = setUp();
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.deepEqual([item.state, item.key, item.imageId], ["pending", "uploads/a.jpg", "id-a.jpg"]);
    assert.deepEqual(world.asked, [[{ name: "a.jpg", size: 10, type: "", sha256: "sha of a.jpg" }]]);
  });

  it("sends many with few questions, and no more at once than it may", async () => {
    const { world, queue, sender, add } = setUp();
    for (let n = 0; n < 200; n += 1) add(`${n}.jpg`);
    sender.pump();
    await settle(2000);
    assert.ok([...queue.items.values()].every((item) => item.state === "pending"));
    assert.equal(world.most, PARALLEL);
    assert.equal(world.asked[0].length, PARALLEL);
    assert.ok(world.asked.length < 12, `${world.asked.length} questions`);
  });

  it("leaves the hash out where none can be made", async () => {
    const { world, sender, add } = setUp({ hash: async () => "" });
    const items = [add("a.jpg"), add("b.jpg")];
    sender.pump();
    await settle();
    assert.deepEqual(items.map(({ state }) => state), ["pending", "pending"]);
    assert.ok(!("sha256" in world.asked[0][0]));
  });

  it("shows what the server refuses and what it has already", async () => {
    const { world, sender, add } = setUp();
    const ready = world.answer;
    world.answer = (file) =>
      file.name === "bad.jpg"
        ? { name: file.name, status: "rejected", error: { code: "x", message: "No room for this." } }
        : file.name === "known.jpg"
          ? { name: file.name, status: "duplicate", key: "uploads/known.jpg", id: "known" }
          : ready(file);
    const [bad, known, good] = ["bad.jpg", "known.jpg", "good.jpg"].map((name) => add(name));
    sender.pump();
    await settle();
    assert.deepEqual([bad.state, bad.message], ["rejected", "No room for this."]);
    assert.deepEqual([known.state, known.imageId], ["duplicate", "known"]);
    assert.equal(good.state, "pending");
  });

  it("sends equal files once", async () => {
    const { world, sender, add } = setUp();
    const [first, twin] = [add("a.jpg", "same"), add("copy of a.jpg", "same")];
    sender.pump();
    await settle();
    assert.equal(first.state, "pending");
    assert.deepEqual([twin.state, twin.imageId], ["duplicate", "id-a.jpg"]);
    assert.equal(world.puts.length, 1);
  });

  it("sends the second of equal files where the first was refused", async () => {
    const { world, sender, add } = setUp();
    const ready = world.answer;
    world.answer = (file) =>
      file.name === "a.exe" ? { status: "rejected", error: { message: "Not this name." } } : ready(file);
    const [first, twin] = [add("a.exe", "same"), add("a.jpg", "same")];
    sender.pump();
    await settle();
    assert.deepEqual([first.state, twin.state], ["rejected", "pending"]);
  });

  it("sends the second of equal files where the first is cancelled", async () => {
    const { queue, sender, add } = setUp();
    const [first, twin] = [add("a.jpg", "same"), add("b.jpg", "same")];
    sender.pump();
    while (first.state !== "sending") await settle(1);
    queue.cancel(first);
    sender.abort([first]);
    await settle();
    assert.deepEqual([first.state, twin.state], ["cancelled", "pending"]);
  });
});

describe("trouble", () => {
  it("that passes is tried again, with a new ticket", async () => {
    const { world, sender, add } = setUp();
    world.result = (_file, n) => ({ status: [0, 503, 201][n - 1], body: {} });
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.equal(item.state, "pending");
    assert.deepEqual([world.puts.length, world.asked.length, world.hashes], [3, 3, 1]);
  });

  it("that stays ends with a sentence", async () => {
    const { world, sender, add } = setUp();
    world.result = () => ({ status: 500, body: { detail: "The disk is full." } });
    const item = add("a.jpg");
    sender.pump();
    await settle(500);
    assert.deepEqual([item.state, item.message], ["error", "The disk is full."]);
    assert.equal(world.puts.length, MAX_ATTEMPTS);
  });

  it("that a busy server says will pass is waited out by all, as long as it says, and nothing is given up", async () => {
    const { world, sender, add, queue } = setUp();
    const timers = /** @type {[() => void, number][]} */ ([]);
    world.later = (action, ms) => timers.push([action, ms]);
    const busy = { status: 503, body: { detail: "The disk is full." }, retryAfter: 7 };
    world.result = () => busy;
    const items = Array.from({ length: 20 }, (_, n) => add(`${n}.jpg`));
    sender.pump();
    await settle();
    for (let round = 1; round <= MAX_ATTEMPTS + 3; round += 1) {
      assert.ok(world.puts.length <= PARALLEL * round, "the others have not knocked in vain");
      assert.ok([...queue.items.values()].some((item) => item.message === "The disk is full."));
      const [wake, ms] = timers.pop() ?? assert.fail("nothing will wake it");
      timers.length = 0;
      assert.ok(ms <= 7000);
      world.time += 7000;
      wake();
      await settle();
    }
    assert.ok(items.every((item) => item.attempts === 0 && item.state !== "error"));
    world.result = () => ({ status: 201, body: {} });
    while (timers.length && items.some((item) => item.state !== "pending")) {
      world.time += 7000;
      for (const [wake] of timers.splice(0)) wake();
      await settle();
    }
    assert.deepEqual(new Set(items.map((item) => item.state)), new Set(["pending"]));
  });

  it("with a question for tickets that came too often is asked again when the server says", async () => {
    const { world, sender, add } = setUp();
    const pauses = /** @type {number[]} */ ([]);
    const { later, askTickets } = world;
    world.later = (action, ms) => {
      pauses.push(ms);
      later(action, ms);
    };
    world.askTickets = async () => {
      world.askTickets = askTickets;
      throw new ApiError("Wait a moment.", 429, {}, 12);
    };
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.deepEqual([item.state, item.attempts], ["pending", 0]);
    assert.ok(pauses.includes(12_000));
  });

  it("with the question for tickets is tried again, unless it is our own mistake", async () => {
    let times = 0;
    const { world, sender, add } = setUp();
    const ask = world.askTickets;
    world.askTickets = async (files) => {
      times += 1;
      if (times === 1) throw new ApiError("No answer.", 0);
      if (times === 2) throw new ApiError("This is not allowed.", 403);
      return ask(files);
    };
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.deepEqual([item.state, item.message, times], ["error", "This is not allowed.", 2]);
  });

  it("an expired ticket is renewed before sending and after a refusal", async () => {
    const { world, sender, add } = setUp();
    const ready = world.answer;
    let asked = 0;
    world.answer = (file) => {
      return { ...ready(file), expires_at: ++asked === 1 ? "1970-01-01T00:00:10Z" : LATER };
    };
    // It waits for a free line until it has ended.
    const send = sender.pump.bind(sender);
    sender.pump = () => {
      if (asked === 1) world.time = 70_000;
      send();
    };
    world.result = (_file, n) => ({ status: n === 1 ? 403 : 201, body: {} });
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.equal(item.state, "pending");
    assert.deepEqual([asked, world.puts.length], [3, 2]);
  });

  it("a clock that is ahead of the server's asks once and sends", async () => {
    const { world, sender, add } = setUp();
    world.time = Date.parse(LATER) + 3_600_000;
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.equal(item.state, "pending");
    assert.deepEqual([world.asked.length, world.puts.length], [1, 1]);
  });

  it("a key that is taken is the same picture: another's at first, our own after a lost answer", async () => {
    const { world, sender, add } = setUp();
    world.result = () => ({ status: 412, body: {} });
    const theirs = add("a.jpg");
    sender.pump();
    await settle();
    assert.deepEqual([theirs.state, theirs.imageId], ["duplicate", "id-a.jpg"]);

    world.puts.length = 0;
    world.result = (_file, n) => ({ status: n === 1 ? 0 : 412, body: {} });
    const ours = add("b.jpg");
    sender.pump();
    await settle();
    assert.equal(ours.state, "pending");
  });

  it("two requests at once for one key are asked to come again", async () => {
    const { world, sender, add } = setUp();
    world.result = (_file, n) => ({ status: n === 1 ? 409 : 412, body: {} });
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.equal(item.state, "pending");
  });

  it("bytes damaged on the way are hashed and sent again", async () => {
    const { world, sender, add } = setUp();
    world.result = (_file, n) => ({ status: n === 1 ? 400 : 201, body: {} });
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.deepEqual([item.state, world.hashes], ["pending", 2]);
  });

  it("a file that cannot be read is not sent, and holds up no other", async () => {
    const { sender, add } = setUp({
      hash: async (file) => {
        if (file.content === "gone") throw new Error("This file cannot be read.");
        return file.content;
      },
    });
    const [gone, good] = [add("a.jpg", "gone"), add("b.jpg", "here")];
    sender.pump();
    await settle();
    assert.deepEqual([gone.state, gone.message, good.state], ["error", "This file cannot be read.", "pending"]);
  });

  it("a cancelled file is aborted and its line freed", async () => {
    let aborted = false;
    const { queue, sender, add } = setUp({
      put: (_file, _ticket, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            aborted = true;
            reject(new DOMException("Cancelled", "AbortError"));
          });
        }),
    });
    const item = add("a.jpg");
    sender.pump();
    await settle();
    assert.equal(item.state, "sending");
    queue.cancel(item);
    sender.abort([item]);
    await settle();
    assert.ok(aborted);
    assert.deepEqual([item.state, queue.sending], ["cancelled", 0]);
  });
});
