/**
 * Zoom and pan on the stage: wheel, double click, two fingers, [data-zoom] and its key; dragging moves, and at rest a
 * swipe turns to the next picture. Zoomed in, the original is shown where a browser can (data-original).
 */
import { WHOLE, clamped, swiped, zoomed } from "./geometry.js";

const STEP = 2.5;

/** @type {import("./geometry.js").View} */
let view = WHOLE;
/** @type {Map<number, {x: number, y: number}>} */
const fingers = new Map();
let way = { x: 0, y: 0 };

const figure = () => /** @type {HTMLElement | null} */ (document.querySelector("[data-stage]"));
const stage = () => /** @type {HTMLElement | null} */ (document.querySelector(".stage"));

/** @param {import("./geometry.js").View} next */
function show(next) {
  const [picture, frame] = [figure(), stage()];
  if (!picture || !frame) return;
  const own = { width: picture.offsetWidth, height: picture.offsetHeight };
  view = clamped(next, own, { width: frame.clientWidth, height: frame.clientHeight });
  const large = view.zoom > 1;
  picture.style.setProperty("--zoom", `${view.zoom}`);
  picture.style.transform = large ? `translate(${view.x}px, ${view.y}px) scale(${view.zoom})` : "";
  frame.classList.toggle("zoomed", large);
  document.querySelector("[data-zoom]")?.setAttribute("aria-pressed", String(large));
  if (large) sharpen(picture);
}

/** @param {HTMLElement} picture */
function sharpen(picture) {
  const [image, url] = [picture.querySelector("img"), picture.dataset.original];
  if (!image || !url) return;
  delete picture.dataset.original;
  const original = new Image();
  original.src = url;
  original.decode().then(
    () => (image.src = url),
    () => {},
  );
}

/** @param {{clientX: number, clientY: number}} event */
function pointOf({ clientX, clientY }) {
  const box = stage()?.getBoundingClientRect() ?? new DOMRect();
  return { x: clientX - box.x - box.width / 2, y: clientY - box.y - box.height / 2 };
}

/** @param {Event} event */
const onStage = (event) => event.target instanceof Element && event.target.closest(".stage") && figure();

/** Zoom in where nothing is zoomed, else out. @param {{x: number, y: number}} point */
const toggle = (point) => show(view.zoom > 1 ? WHOLE : zoomed(view, STEP, point));

/** @param {PointerEvent} event */
function onMove(event) {
  const before = fingers.get(event.pointerId);
  if (!before) return;
  const now = pointOf(event);
  const others = [...fingers].filter(([id]) => id !== event.pointerId);
  fingers.set(event.pointerId, now);
  const moved = { x: now.x - before.x, y: now.y - before.y };
  if (others.length) {
    const [, other] = others[0];
    const grown = Math.hypot(now.x - other.x, now.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
    show(zoomed(view, grown, other));
    way = { x: 0, y: Infinity };
  } else {
    way = { x: way.x + moved.x, y: way.y + moved.y };
    if (view.zoom > 1) show({ ...view, x: view.x + moved.x, y: view.y + moved.y });
  }
}

/** @param {PointerEvent} event */
function onUp(event) {
  if (!fingers.delete(event.pointerId) || fingers.size) return;
  const turn = view.zoom === 1 && event.type === "pointerup" && event.pointerType !== "mouse" ? swiped(way.x, way.y) : 0;
  const link = turn && document.querySelector(turn > 0 ? ".turn.on" : ".turn.back");
  if (link instanceof HTMLElement) link.click();
}

document.addEventListener("pointerdown", (event) => {
  if (event.button || !onStage(event) || /** @type {Element} */ (event.target).closest("a, button")) return;
  if (!fingers.size) way = { x: 0, y: 0 };
  fingers.set(event.pointerId, pointOf(event));
});
document.addEventListener("pointermove", onMove);
document.addEventListener("pointerup", onUp);
document.addEventListener("pointercancel", onUp);
document.addEventListener("dragstart", (event) => onStage(event) && event.preventDefault());
document.addEventListener("dblclick", (event) => onStage(event) && toggle(pointOf(event)));
document.addEventListener(
  "wheel",
  (event) => {
    if (!onStage(event) || matchMedia("(max-width: 900px)").matches) return;
    event.preventDefault();
    show(zoomed(view, Math.exp(-event.deltaY / (event.ctrlKey ? 100 : 400)), pointOf(event)));
  },
  { passive: false },
);
document.addEventListener("click", (event) => {
  if (event.target instanceof Element && event.target.closest("[data-zoom]")) toggle({ x: 0, y: 0 });
});
document.addEventListener("taglight:swapped", () => {
  if (!figure()?.style.transform) show(WHOLE);
});
