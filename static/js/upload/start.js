/**
 * Starts uploading on a page that has a place for the tray, for those who may add pictures. Started by being imported.
 */
import { listenForFiles } from "./drop.js";
import { warnBeforeLeaving } from "./leave.js";
import { Uploads } from "./uploads.js";

const DEFAULT_MAX_BYTES = 50 * 1024 * 1024;

const place = document.getElementById("tray");
if (place && !("readOnly" in document.documentElement.dataset)) {
  const uploads = new Uploads(place, Number(document.documentElement.dataset.maxUploadBytes) || DEFAULT_MAX_BYTES);
  const [navigation] = performance.getEntriesByType("navigation");
  uploads.restore(navigation instanceof PerformanceNavigationTiming && navigation.type === "reload");
  listenForFiles((files) => uploads.add(files));
  document.addEventListener("taglight:swapped", () => uploads.makeRoom());
  document.addEventListener("taglight:visited", () => uploads.makeRoomForMore());
  warnBeforeLeaving(() => uploads.sending);
  window.addEventListener("pagehide", () => uploads.save());
  window.addEventListener("online", () => uploads.wake());
}
