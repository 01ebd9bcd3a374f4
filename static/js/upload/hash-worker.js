/**
 * A worker that hashes files, so that the page stays quick: {id, file} in, {id, sha256} or {id, error} out.
 */

addEventListener("message", async (event) => {
  const { id, file } = event.data;
  try {
    const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
    const bytes = [...new Uint8Array(digest)];
    const sha256 = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
    postMessage({ id, sha256 });
  } catch {
    postMessage({ id, error: true });
  }
});
