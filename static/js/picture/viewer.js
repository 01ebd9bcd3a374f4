/**
 * A picture opens over the gallery at its own address; the page beneath stays as it is. Previous and next are put in
 * its place, and fetched ahead. Opened directly, a picture is a page of its own, and walks the same way.
 */
import { announce } from "../announce.js";
import { fetchPage, setStyle } from "../gallery/regions.js";
import { plainLink } from "../link.js";
import { say } from "../say.js";

/** @typedef {import("../gallery/regions.js").Fetched} Fetched */

/** @type {Map<string, Promise<Fetched>>} */
const ahead = new Map();
/** @type {Element | null} */
let opener = null;
let titleBeneath = "";
let wanted = "";
/** Turns asked for while a picture is still on its way: `rel` of the links, in order. @type {string[]} */
const turns = [];

const viewer = () => document.getElementById("viewer");
const beneath = () => document.querySelectorAll("body > header, body > main, .skip");

/** @param {string} url */
function fetched(url) {
  const page = ahead.get(url) ?? fetchPage(url);
  ahead.delete(url);
  return page;
}

/** @param {string} url */
function preload(url) {
  if (ahead.has(url)) return;
  const page = fetchPage(url);
  ahead.set(url, page);
  page.then(
    ({ doc }) => (new Image().src = doc.querySelector(".stage-picture img")?.getAttribute("src") ?? ""),
    () => ahead.delete(url),
  );
}

/** Forget what was fetched ahead: something has changed. */
export const forgetAhead = () => ahead.clear();

/**
 * Show a picture, over the gallery or in the place of the one that is shown.
 * @param {string} url
 * @param {boolean} [walk] a new address; without it that of the browser holds
 * @returns {Promise<void>}
 */
export async function showPicture(url, walk = false) {
  wanted = url;
  let page;
  try {
    page = await fetched(url);
  } catch (error) {
    wanted = "";
    say(error, () => showPicture(url, walk));
    return;
  }
  const view = page.doc.querySelector(".view");
  if (wanted !== url) return;
  if (page.status === 404) return gone();
  if (!view) return location.assign(url);
  if (walk) {
    if (document.querySelector(".view")) history.replaceState(history.state, "", page.url);
    else history.pushState({ over: true }, "", page.url);
  }
  put(view, page);
  wanted = "";
  const turn = turns.shift();
  const link = turn && view.querySelector(`[rel="${turn}"]`);
  if (link instanceof HTMLElement) {
    link.click();
    return;
  }
  turns.length = 0;
  for (const link of view.querySelectorAll(".turn")) preload(/** @type {HTMLAnchorElement} */ (link).href);
}

/** Somebody has deleted it meanwhile: what is around it stays, and is looked at again. */
function gone() {
  wanted = "";
  turns.length = 0;
  say(new Error("This picture is not here any more."));
  document.dispatchEvent(new CustomEvent("taglight:changed"));
}

/**
 * @param {Element} view
 * @param {Fetched} page
 */
function put(view, { doc, css }) {
  const before = document.querySelector(".view");
  const rel = document.activeElement?.getAttribute("rel") ?? "";
  setStyle("view", css);
  if (before) before.replaceWith(view);
  else open(view);
  // Where the picture is above what is known of it, one begins with the picture.
  if (matchMedia("(max-width: 900px)").matches) viewer()?.scrollTo(0, 0);
  document.title = doc.title;
  document.dispatchEvent(new CustomEvent("taglight:swapped"));
  const turned = rel && view.querySelector(`[rel="${CSS.escape(rel)}"]`);
  /** @type {HTMLElement} */ (turned || view).focus({ preventScroll: true });
  announce([doc.querySelector("h1"), doc.querySelector(".place")].map((each) => each?.textContent ?? "").join(", "));
}

/** @param {Element} view */
function open(view) {
  opener = document.activeElement?.closest(".tile") ?? null;
  titleBeneath = document.title;
  const place = document.createElement("div");
  place.id = "viewer";
  place.role = "dialog";
  place.ariaModal = "true";
  place.ariaLabel = "Picture";
  place.append(view);
  document.getElementById("tray")?.before(place);
  document.documentElement.classList.add("viewing");
  for (const each of beneath()) each.toggleAttribute("inert", true);
}

/**
 * Take the picture away from over the gallery and give the focus back.
 * @returns {boolean} whether there was one
 */
export function hideViewer() {
  const place = viewer();
  wanted = "";
  if (!place) return false;
  const tile = document.getElementById(`t-${place.querySelector(".view")?.getAttribute("data-picture")}`) ?? opener;
  place.remove();
  document.documentElement.classList.remove("viewing");
  for (const each of beneath()) each.removeAttribute("inert");
  document.title = titleBeneath;
  const link = tile?.querySelector("a");
  link?.scrollIntoView({ block: "nearest" });
  link?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("taglight:swapped"));
  return true;
}

document.addEventListener("click", (event) => {
  const link = plainLink(event);
  if (!link) return;
  const other = link.matches(".upload-act a, .message a") && link.pathname.startsWith("/images/");
  if (link.matches(".tile a, .turn") || (other && document.querySelector(".gallery, .view"))) {
    event.preventDefault();
    if (wanted && link.matches(".turn")) turns.push(link.rel);
    else showPicture(link.href, true);
  } else if (link.matches("[data-back]") && history.state?.over) {
    event.preventDefault();
    history.back();
  }
});
