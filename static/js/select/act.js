/**
 * What is done with the pictures that are picked: labels added and rejected, deleted, tagged again. Each picture by
 * itself, a few at a time, with progress, a way to stop, and the way back.
 */
import { deleteJson, getJson, patchJson, postJson } from "../api.js";
import { forgetAhead } from "../picture/viewer.js";
import { renewShown } from "../gallery/pages.js";
import { tell } from "../say.js";
import { count } from "../upload/words.js";
import { each } from "./pool.js";
import { clear, searchParams, selection } from "./select.js";
import { labelSteps } from "./steps.js";

const PAGE = 200;

/** @typedef {() => Promise<unknown>} Undo */

const addressOf = (/** @type {string} */ id) => `/api/images/${encodeURIComponent(id)}`;

/** @returns {Promise<string[]>} */
async function pickedIds() {
  const { ids, everything } = selection();
  if (!everything) return ids;
  const params = searchParams();
  params.set("limit", String(PAGE));
  const found = [];
  for (let next = ""; next !== null; ) {
    if (next) params.set("cursor", next);
    const page = await getJson(`/api/images?${params}`);
    found.push(...page.images.map((/** @type {{id: string}} */ image) => image.id));
    next = page.next;
  }
  return found;
}

/**
 * @param {string} what
 * @param {string} label
 * @param {string} id
 * @returns {Promise<Undo | null>} null where there was nothing to do, or there is no way back
 */
async function act(what, label, id) {
  const url = addressOf(id);
  if (what === "delete") {
    await deleteJson(url);
    return () => postJson(`${url}/restore`);
  }
  if (what === "retry") {
    await postJson(`${url}/retry`);
    return null;
  }
  const { steps, undo } = labelSteps(what === "add" ? "add" : "reject", label, await getJson(url));
  for (const step of steps) await patchJson(`${url}/labels`, step);
  return steps.length ? async () => { for (const step of undo) await patchJson(`${url}/labels`, step); } : null;
}

/** @param {string} what @param {string} label @param {string} pictures */
const sentence = (what, label, pictures) =>
  ({
    add: `“${label}” added to ${pictures}.`,
    reject: `“${label}” rejected on ${pictures}.`,
    delete: `${pictures} moved to the trash.`,
    retry: `${pictures} will be tagged again.`,
  })[what] ?? "";

/**
 * @template Item
 * @param {Item[]} items
 * @param {(item: Item) => Promise<void>} work
 */
async function withProgress(items, work) {
  const bar = /** @type {HTMLProgressElement} */ (document.getElementById("picked-progress"));
  const stop = new AbortController();
  const many = items.length > 3;
  if (many) tell("Working on it…", "Stop", () => stop.abort());
  bar.max = items.length;
  bar.value = 0;
  bar.hidden = !many;
  const result = await each(items, work, { signal: stop.signal, tell: (done) => (bar.value = done) });
  bar.hidden = true;
  return result;
}

/** @param {string} what @param {string} label */
async function run(what, label) {
  const ids = await pickedIds();
  /** @type {Undo[]} */
  const undos = [];
  const { done, failed } = await withProgress(ids, async (id) => {
    const undo = await act(what, label, id);
    if (undo) undos.push(undo);
  });
  clear();
  const wrong = failed.length ? ` ${count(failed.length, "picture")} could not be changed: ${failed[0].message}` : "";
  tell(sentence(what, label, count(done, "picture")) + wrong, undos.length ? "Undo" : "", () => takeBack(undos));
  changed();
}

/** @param {Undo[]} undos */
async function takeBack(undos) {
  const { done, failed } = await withProgress(undos, async (undo) => void (await undo()));
  const wrong = failed.length ? ` ${count(failed.length, "picture")} could not be changed back.` : "";
  tell(`Undone for ${count(done, "picture")}.${wrong}`);
  changed();
}

function changed() {
  forgetAhead();
  document.dispatchEvent(new CustomEvent("taglight:changed"));
  renewShown().catch(() => {});
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!(form instanceof HTMLFormElement) || form.id !== "picked") return;
  event.preventDefault();
  const what = event.submitter instanceof HTMLButtonElement ? event.submitter.value : "add";
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("label"));
  const label = field.value.trim();
  const { ids, everything } = selection();
  if (!ids.length && !everything) {
    tell("Select some pictures first.");
    return;
  }
  if (!label && (what === "add" || what === "reject")) {
    field.focus();
    tell("Write the label first.");
    return;
  }
  if (form.ariaBusy) return;
  form.ariaBusy = "true";
  run(what, label)
    .catch((error) => tell(error.message))
    .finally(() => {
      form.ariaBusy = null;
      field.value = "";
    });
});
