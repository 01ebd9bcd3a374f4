/**
 * A worker that hashes files, so that the page stays quick: {id, file} in, {id, sha256} or {id, error} out.
 */
import { digestOf } from "./digest.js";

addEventListener("message", async (event) => {
  const { id, file } = event.data;
  try {
    postMessage({ id, sha256: await digestOf(file) });
  } catch {
    postMessage({ id, error: true });
  }
});
