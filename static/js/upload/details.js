/**
 * What a tagged picture turned out to be: its first labels and its thumbnail, asked for one after the other.
 */
import { getJson } from "../api.js";
import { percent } from "./words.js";

/** Labels shown in the tray. */
const SHOWN = 3;
/** A label below this is not worth showing as what the picture is. */
const SURE = 50;

/** @typedef {{name: string, confidence: number, parents?: string[]}} Label */
/** @typedef {{labels: string[], thumbnail: string}} Details labels as "Dog 98 %", thumbnail "" where there is none */

/** @type {Promise<unknown>} */
let line = Promise.resolve();

/**
 * Return the details of a picture, null where they cannot be had.
 * @param {string} imageId
 * @returns {Promise<Details|null>}
 */
export function detailsOf(imageId) {
  const asked = line.then(() => getJson(`/api/images/${encodeURIComponent(imageId)}`)).then(readDetails, () => null);
  line = asked;
  return asked;
}

/**
 * @param {any} image the API's image object
 * @returns {Details}
 */
function readDetails(image) {
  /** @type {Label[]} */
  const labels = image.labels ?? [];
  const sure = labels.filter(({ confidence }) => confidence >= SURE);
  const shown = mostTelling(sure.length ? sure : labels).slice(0, sure.length ? SHOWN : 1);
  return {
    labels: shown.map(({ name, confidence }) => `${name} ${percent(confidence)}`),
    thumbnail: image.thumbnail?.url ?? "",
  };
}

/**
 * Leave out labels that another one implies: "Cat" tells more than the Animal it is.
 * @param {Label[]} labels
 */
function mostTelling(labels) {
  const implied = new Set(labels.flatMap(({ parents }) => parents ?? []));
  return labels.filter(({ name }) => !implied.has(name));
}
