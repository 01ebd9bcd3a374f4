/**
 * The ways in: files dropped anywhere on the page, picked, picked as a folder, pasted.
 * Buttons: [data-upload-pick] for files, [data-upload-pick-folder] for a folder.
 */
import { filesOf, isHidden } from "./folders.js";

const ACCEPT = "image/*,.heic,.heif,.avif,.webp,.tif,.tiff,.bmp";

/**
 * Listen for files and hand them over as they are found.
 * @param {(files: File[]) => void} take
 */
export function listenForFiles(take) {
  const target = makeTarget();
  listenForDrops(target, take);
  listenForPaste(take);
  makePicker("upload-files", "[data-upload-pick]", take, (input) => {
    input.accept = ACCEPT;
  });
  makePicker("upload-folder", "[data-upload-pick-folder]", take, (input) => {
    input.webkitdirectory = true;
  });
}

/** Make the full-page target that shows while files hang over the page. */
function makeTarget() {
  const target = document.createElement("div");
  target.className = "drop-target";
  target.hidden = true;
  const text = document.createElement("p");
  text.textContent = "Drop pictures or folders to add them";
  target.append(text);
  document.body.append(target);
  return target;
}

/**
 * @param {HTMLElement} target
 * @param {(files: File[]) => void} take
 */
function listenForDrops(target, take) {
  // A picture of the page itself, dragged, looks like a file to the browser.
  let ownDrag = false;
  const holdsFiles = (/** @type {DragEvent} */ event) =>
    !ownDrag && Boolean(event.dataTransfer?.types.includes("Files"));
  document.addEventListener("dragstart", () => (ownDrag = true));
  document.addEventListener("dragend", () => (ownDrag = false));
  window.addEventListener("dragenter", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    target.hidden = false;
  });
  window.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    if (event.dataTransfer) event.dataTransfer.dropEffect = "copy";
  });
  window.addEventListener("dragleave", (event) => {
    // Only leaving the window has no element that is entered instead.
    if (event.relatedTarget === null) target.hidden = true;
  });
  window.addEventListener("drop", (event) => {
    target.hidden = true;
    if (!holdsFiles(event) || !event.dataTransfer) return;
    event.preventDefault();
    void filesOf(event.dataTransfer, take);
  });
}

/** @param {(files: File[]) => void} take */
function listenForPaste(take) {
  document.addEventListener("paste", (event) => {
    const files = [...(event.clipboardData?.files ?? [])];
    if (!files.length) return;
    // Copied from a document there is text beside the picture: in a text field the text is meant.
    const typing = event.target instanceof Element && event.target.closest("input, textarea");
    if (typing && event.clipboardData?.types.includes("text/plain")) return;
    event.preventDefault();
    take(files.map(namedByTime));
  });
}

/**
 * Give a picture from the clipboard, which is always called "image.png", a name that tells it from others.
 * @param {File} file
 */
function namedByTime(file) {
  if (file.name && !/^image\.\w+$/.test(file.name)) return file;
  const extension = file.name.split(".").at(-1) || "png";
  const now = new Date();
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000).toISOString();
  const stamp = local.slice(0, 19).replace("T", " ").replaceAll(":", ".");
  return new File([file], `Pasted ${stamp}.${extension}`, { type: file.type });
}

/**
 * Make a hidden file input and open it from its buttons, wherever and whenever they are on the page.
 * @param {string} id
 * @param {string} buttons selector
 * @param {(files: File[]) => void} take
 * @param {(input: HTMLInputElement) => void} set
 */
function makePicker(id, buttons, take, set) {
  const input = document.createElement("input");
  input.type = "file";
  input.id = id;
  input.multiple = true;
  input.hidden = true;
  set(input);
  document.body.append(input);
  input.addEventListener("change", () => {
    take([...(input.files ?? [])].filter((file) => !isHidden(file.webkitRelativePath || file.name)));
    // So that the same file can be picked again.
    input.value = "";
  });
  document.addEventListener("click", (event) => {
    if (event.target instanceof Element && event.target.closest(buttons)) input.click();
  });
}
