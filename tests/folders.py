"""What lies in the folder of a store."""

from catalog.storage.folder import FolderStore


def keys(store: FolderStore, prefix: str = "") -> list[str]:
    return [info.key for info in store.list(prefix)]


def files(store: FolderStore) -> set[str]:
    found = (path for path in store.root.rglob("*") if path.is_file())
    names = {path.relative_to(store.root).as_posix() for path in found}
    return {name for name in names if not name.startswith(".taglight/")}
