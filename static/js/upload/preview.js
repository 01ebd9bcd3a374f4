/**
 * Small previews of files that are still on their way: decoded small and off the main thread, one at a time, and
 * only for rows in sight, so that a thousand large photographs do not fill the memory.
 */

const SIDE = 80;

/** @type {Promise<void>} */
let line = Promise.resolve();

/**
 * Draw a file into its place, or leave the place empty where the browser cannot read the format.
 * @param {HTMLElement} place
 * @param {File} file
 * @param {() => boolean} wanted still in sight, and nothing better there
 */
export function drawPreview(place, file, wanted) {
  line = line.then(async () => {
    if (!wanted()) return;
    try {
      const picture = await createImageBitmap(file, { resizeHeight: SIDE, resizeQuality: "medium" });
      if (wanted()) place.replaceChildren(squareOf(picture));
      picture.close();
    } catch {
      // HEIC and TIFF are beyond most browsers: the thumbnail comes when the picture is tagged.
    }
  });
}

/**
 * @param {ImageBitmap} picture
 * @returns {HTMLCanvasElement} the middle of the picture, as a square
 */
function squareOf(picture) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = SIDE;
  const side = Math.min(picture.width, picture.height);
  const left = (picture.width - side) / 2;
  const top = (picture.height - side) / 2;
  canvas.getContext("2d")?.drawImage(picture, left, top, side, side, 0, 0, SIDE, SIDE);
  return canvas;
}
