/**
 * Many pictures at once: picked by check mark, with Shift from the last one, by key, or all that the search finds
 * (select/act.js does what is asked for them). While some are picked, a click on a picture picks it, too.
 */
import { getJson } from "../api.js";
import { announce } from "../announce.js";
import { say } from "../say.js";
import { count } from "../upload/words.js";

/** @type {Set<string>} */
let picked = new Set();
/** How many the search finds, where all of them are meant. */
let everything = 0;
let last = "";
/** By touch one first says that one wants to pick: no picture carries a mark before. */
let wanted = false;

const bar = () => document.getElementById("picked");
const tiles = () => [...document.querySelectorAll("#results .tile")];
const idOf = (/** @type {Element} */ tile) => tile.id.slice(2);

/** The search as the API takes it. */
export function searchParams() {
  const { searchParams: params } = new URL(document.querySelector(".page")?.getAttribute("data-url") ?? "/", location.href);
  params.delete("cursor");
  return params;
}

/** @returns {{ids: string[], everything: number}} */
export const selection = () => ({ ids: [...picked], everything });

function show() {
  const number = everything || picked.size;
  const place = bar();
  if (!place) return;
  const picking = number > 0 || wanted;
  place.hidden = !picking;
  if (!picking && !document.body.matches(".picking")) return;
  document.body.classList.toggle("picking", picking);
  for (const tile of tiles()) {
    const mark = tile.querySelector(".pick");
    if (mark instanceof HTMLInputElement) mark.checked = everything > 0 || picked.has(idOf(tile));
  }
  const said = place.querySelector("[data-picked-count]");
  if (said) said.textContent = `${count(number, "picture")} selected`;
  const params = everything ? searchParams() : new URLSearchParams([...picked].map((id) => ["id", id]));
  place.querySelector("[data-picked-list]")?.setAttribute("href", `/list.csv?${params}`);
}

/** Pick nothing any more. */
export function clear() {
  const tile = document.getElementById(`t-${last}`);
  const within = bar()?.contains(document.activeElement);
  picked = new Set();
  everything = 0;
  last = "";
  wanted = false;
  show();
  if (within) (tile?.querySelector("a") ?? document.getElementById("results"))?.focus({ preventScroll: true });
}

/** @param {Element} tile @param {boolean} range from the last one that was picked */
function toggle(tile, range) {
  if (everything) clear();
  const id = idOf(tile);
  const on = range || !picked.has(id);
  const all = tiles();
  const [from, to] = [all.findIndex((each) => idOf(each) === last), all.indexOf(tile)].sort((a, b) => a - b);
  for (const each of range && from >= 0 ? all.slice(from, to + 1) : [tile]) {
    if (on) picked.add(idOf(each));
    else picked.delete(idOf(each));
  }
  last = id;
  show();
  announce(`${count(picked.size, "picture")} selected`);
}

async function pickEverything() {
  try {
    const params = searchParams();
    params.set("limit", "1");
    everything = (await getJson(`/api/images?${params}`)).total;
    picked = new Set();
    show();
    announce(`${count(everything, "picture")} selected`);
  } catch (error) {
    say(error);
  }
}

document.addEventListener(
  "click",
  (event) => {
    const target = event.target instanceof Element ? event.target : null;
    const tile = target?.closest("#results .tile");
    if (tile && (target?.matches(".pick") || (document.body.matches(".picking") && !event.ctrlKey && !event.metaKey))) {
      if (!target?.matches(".pick")) event.preventDefault();
      toggle(tile, event.shiftKey);
    } else if (target?.closest("[data-pick-mode]")) {
      wanted = true;
      show();
    } else if (target?.closest("[data-picked-none]")) {
      clear();
    } else if (target?.closest("[data-picked-all]")) {
      pickEverything();
    }
  },
  true,
);

document.addEventListener("keydown", (event) => {
  const tile = document.activeElement?.closest("#results .tile");
  if (tile && event.key.toLowerCase() === "x" && !event.ctrlKey && !event.metaKey && !event.altKey) {
    event.preventDefault();
    toggle(tile, event.shiftKey);
  }
});

document.addEventListener("taglight:tiles", show);
document.addEventListener("taglight:visited", clear);
