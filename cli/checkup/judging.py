"""What a comparison means for a person."""

from cli.checkup.comparing import Comparison
from cli.checkup.findings import Finding, Level, counted, well

# More lone documents than this, and than pictures: rather a disk is missing than the pictures.
_SUSPICIOUS = 10


def judge(found: Comparison, *, worked_on: bool, with_catalog: bool) -> list[Finding]:
    """Return what does not fit, or that all does; `worked_on` by a running `taglight serve`."""
    findings = [
        *_pictures(found, worked_on=worked_on),
        *_documents(found),
        *_thumbnails(found),
        *_leftovers(found),
        *_rows(found, worked_on=worked_on),
    ]
    if any(finding.level == "wrong" for finding in findings):
        return findings
    what = "pictures, documents, thumbnails and catalog" if with_catalog else "pictures and files"
    number = counted(found.pictures, "picture", "pictures")
    return [*findings, well(f"{number}: {what} fit together.")]


def is_suspicious(found: Comparison) -> bool:
    """Tell whether so many documents lack their pictures that these are rather elsewhere."""
    return len(found.lone_documents) > max(_SUSPICIOUS, found.pictures)


def _pictures(found: Comparison, *, worked_on: bool) -> list[Finding]:
    findings = []
    level: Level = "note" if worked_on else "wrong"
    by_serve = "taglight serve is at work on them." if worked_on else ""
    if found.waiting:
        findings.append(
            Finding(
                level,
                f"{counted(len(found.waiting), 'picture has', 'pictures have')} no document.",
                by_serve or "They wait to be tagged: nothing can be found by what is on them.",
                "" if worked_on else "taglight tag",
                "" if worked_on else "Tag them.",
                found.waiting,
            )
        )
    if found.changed:
        findings.append(
            Finding(
                level,
                f"{counted(len(found.changed), 'picture has', 'pictures have')} changed "
                "since the document was written.",
                by_serve or "Their labels and thumbnails are those of another picture.",
                "" if worked_on else "taglight tag",
                "" if worked_on else "Tag them.",
                found.changed,
            )
        )
    return findings


def _documents(found: Comparison) -> list[Finding]:
    findings = []
    if found.unreadable:
        number = counted(len(found.unreadable), "picture has", "pictures have")
        findings.append(
            Finding(
                "wrong",
                f"{number} a document that makes no sense.",
                "They are shown as failed. Corrections in these documents are not seen.",
                "Correct the JSON by hand (docs/metadata-format.md), or let --fix write new ones.",
                "Move these documents to the trash/ folder, and tag the pictures anew.",
                found.unreadable,
            )
        )
    if found.closed:
        findings.append(
            Finding(
                "wrong",
                f"{counted(len(found.closed), 'document', 'documents')} cannot be read.",
                "The system does not permit it, or the disk is damaged.",
                "Give this user the right to read and write them.",
                keys=found.closed,
            )
        )
    if lone := len(found.lone_documents):
        suspicious = is_suspicious(found)
        findings.append(
            Finding(
                "wrong",
                f"{counted(lone, 'document has', 'documents have')} no picture.",
                "Most pictures are gone: is a disk missing, or was uploads/ moved?"
                if suspicious
                else "The picture was removed by hand, or has not been copied here yet.",
                "Put the pictures back. Too many are gone for --fix to touch these documents; if "
                "they are to go, remove them by hand."
                if suspicious
                else "Put the picture back under its name, or let --fix put the document away.",
                "" if suspicious else "Move them to the trash/ folder.",
                found.lone_documents,
            )
        )
    return findings


def _thumbnails(found: Comparison) -> list[Finding]:
    findings = []
    if found.without_thumbnails:
        number = counted(len(found.without_thumbnails), "picture lacks", "pictures lack")
        findings.append(
            Finding(
                "wrong",
                f"{number} a thumbnail.",
                "The gallery shows a plain tile instead.",
                "taglight doctor --fix",
                "Make them again from the pictures. The recogniser is not asked.",
                found.without_thumbnails,
            )
        )
    if found.lone_thumbnails:
        number = counted(len(found.lone_thumbnails), "thumbnail has", "thumbnails have")
        findings.append(
            Finding(
                "wrong",
                f"{number} no picture.",
                "They take space and are shown nowhere.",
                "Put the picture back under its name, or let --fix put them away.",
                "" if is_suspicious(found) else "Move them to the trash/ folder.",
                found.lone_thumbnails,
            )
        )
    return findings


def _leftovers(found: Comparison) -> list[Finding]:
    if not found.temporary:
        return []
    number = counted(len(found.temporary), "temporary file is", "temporary files are")
    return [
        Finding(
            "wrong",
            f"{number} left of interrupted writes.",
            "They take space and are never shown.",
            "taglight serve removes them by itself.",
            "Remove them.",
            [str(path) for path in found.temporary],
        )
    ]


def _rows(found: Comparison, *, worked_on: bool) -> list[Finding]:
    keys = [*found.gone_rows, *found.stale_rows, *found.trash_folders]
    if not keys:
        return []
    parts = [
        (found.gone_rows, "picture that is gone", "pictures that are gone"),
        (found.stale_rows, "picture not as it is", "pictures not as they are"),
        (found.trash_folders, "folder of the trash not as it is", "folders of the trash"),
    ]
    said = ", ".join(counted(len(rows), one, many) for rows, one, many in parts if rows)
    return [
        Finding(
            "note" if worked_on else "wrong",
            f"The catalog is not in step with the files: {said}.",
            "taglight serve compares them every minute."
            if worked_on
            else "The page may show what is gone, or miss what is there, until it is in step.",
            "" if worked_on else "taglight serve or reindex bring it in step.",
            "" if worked_on else "Bring the catalog in step.",
            keys,
        )
    ]
