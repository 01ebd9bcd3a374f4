/**
 * The files in what was dropped, folders and all they hold included. Hidden files are left out.
 */

const SYSTEM_FILES = new Set(["thumbs.db", "desktop.ini", "__macosx", "@eadir"]);

/**
 * Tell whether a path names a file that people do not see: a dot file, a system's own, or one inside such a folder.
 * @param {string} path
 */
export const isHidden = (path) =>
  path.split("/").some((part) => part.startsWith(".") || SYSTEM_FILES.has(part.toLowerCase()));

/**
 * Hand over the files of a drop, folder by folder as they are found.
 * @param {DataTransfer} transfer
 * @param {(files: File[]) => void} take
 * @returns {Promise<void>} when all has been found
 */
export async function filesOf(transfer, take) {
  // Both must be asked for before the event ends: after it, the browser empties the list.
  const found = [...transfer.items]
    .filter((item) => item.kind === "file")
    .map((item) => ({ entry: item.webkitGetAsEntry?.() ?? null, file: item.getAsFile() }));
  const folders = found.flatMap(({ entry }) => (isFolder(entry) ? [entry] : []));
  const files = found.flatMap(({ entry, file }) => (!isFolder(entry) && file ? [file] : []));
  take(files.filter((file) => !isHidden(file.name)));
  for (const folder of folders) await walk(folder, take);
}

/**
 * @param {FileSystemEntry|null} entry
 * @returns {entry is FileSystemDirectoryEntry}
 */
const isFolder = (entry) => entry !== null && entry.isDirectory;

/**
 * @param {FileSystemDirectoryEntry} folder
 * @param {(files: File[]) => void} take
 */
async function walk(folder, take) {
  if (isHidden(folder.name)) return;
  const reader = folder.createReader();
  for (;;) {
    const entries = await readSome(reader);
    if (!entries.length) return;
    const visible = entries.filter((entry) => !isHidden(entry.name));
    const files = await Promise.all(
      visible.filter((entry) => entry.isFile).map((entry) => fileOf(/** @type {FileSystemFileEntry} */ (entry))),
    );
    take(files.flatMap((file) => (file ? [file] : [])));
    for (const entry of visible) if (isFolder(entry)) await walk(entry, take);
  }
}

/**
 * Read the next entries of a folder: browsers give them a hundred at a time, [] at the end or on trouble.
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
const readSome = (reader) => new Promise((resolve) => reader.readEntries(resolve, () => resolve([])));

/**
 * @param {FileSystemFileEntry} entry
 * @returns {Promise<File|null>} null where it cannot be read
 */
const fileOf = (entry) => new Promise((resolve) => entry.file(resolve, () => resolve(null)));
