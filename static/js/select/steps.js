/** What has to be sent for a label to be added or rejected, and to take that back exactly; no DOM. */

/** @typedef {{add?: string[], remove?: string[]}} Step the body of PATCH /api/images/<id>/labels */

const fold = (/** @type {string} */ name) => name.normalize("NFC").trim().toLowerCase();

/**
 * @param {"add" | "reject"} what
 * @param {string} name
 * @param {any} image as GET /api/images/<id> answers
 * @returns {{steps: Step[], undo: Step[]}} nothing to send where it is so already
 */
export function labelSteps(what, name, image) {
  const has = (/** @type {any[] | undefined} */ list) => (list ?? []).some((each) => fold(each.Name ?? "") === fold(name));
  const { Labels, Edits } = image.document ?? {};
  const machine = has(Labels);
  const added = has(Edits?.Added);
  const removed = has(Edits?.Removed);
  const add = { add: [name] };
  const remove = { remove: [name] };
  if (what === "add") {
    if (added) return { steps: [], undo: [] };
    // What the machine saw too, and nobody had rejected, comes back by a rejection that is taken back.
    return { steps: [add], undo: machine && !removed ? [remove, add] : [remove] };
  }
  const shown = (machine && !removed) || added;
  if (!shown) return { steps: [], undo: [] };
  return { steps: [remove], undo: machine && added ? [add, add] : [add] };
}
