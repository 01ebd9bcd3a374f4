/**
 * Return the SHA-256 of a file in hex.
 * @param {Blob} file
 * @returns {Promise<string>}
 * @throws {DOMException} where the file cannot be read
 */
export async function digestOf(file) {
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
