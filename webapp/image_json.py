"""Pictures as the API shows them: plain dictionaries."""

import json
from itertools import takewhile
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from catalog.cards import are_written, cut
from catalog.clock import utc_text
from catalog.document import Document, ImageProperties, ShownLabel
from catalog.keys import trash_stamp
from webapp.media import MediaUrls

if TYPE_CHECKING:
    from catalog.cards import Card, CardPage
    from catalog.reads import ImageRecord

LABELS_IN_LISTS = 10
THUMBNAIL_WIDTH = 320


def json_response(content: Any, status: int = 200) -> Response:
    """Return compact JSON. Everything beyond ASCII is escaped, so no text can break it."""
    return Response(
        json.dumps(content, separators=(",", ":")), status, media_type="application/json"
    )  # fmt: skip


def cards_json(page: "CardPage", urls: MediaUrls, low: float) -> Response:
    """Return a page of a list: cards joined as text, which are JSON already."""
    if not (urls.lasting and are_written(page.cards)):
        for card in page.cards:
            if card.written is None or not urls.lasting:
                _write(card, urls)
    images = "]},".join(cut(page.cards, low)) + "]}" * bool(page.cards)
    following = "null" if page.next is None else quoted(page.next)
    exact = "true" if page.total_is_exact else "false"
    content = (
        f'{{"images":[{images}],"next":{following},"total":{page.total},"total_is_exact":{exact}}}'
    )
    return Response(content.encode("ascii"), media_type="application/json")


def _write(card: "Card", urls: MediaUrls) -> None:
    """Write a card with the address of its thumbnail, unless it is written with just this one."""
    url = urls.thumbnail_of(card.id, card.key, card.etag, THUMBNAIL_WIDTH)
    if card.written is None or card.written[0] != url:
        thumbnail = f'{card.small},"url":{quoted(url)}}}' if card.small else "null"
        facts = f'{card.facts},"page":"/images/{card.id}","thumbnail":{thumbnail},"labels":['
        card.write(facts, url)


def error_json(record: "ImageRecord") -> dict[str, str] | None:
    """Return why a picture has no labels, None where nothing went wrong."""
    if not record.error_code:
        return None
    return {"code": record.error_code, "message": record.error_message}


def summary(record: "ImageRecord", urls: MediaUrls, low: float) -> dict[str, Any]:
    """Return a picture as lists show it, with its surest ten labels at `low` percent and over."""
    shown = takewhile(lambda label: label[1] >= low, record.labels[:LABELS_IN_LISTS])
    return _facts(record, urls) | {"labels": [{"name": n, "confidence": c} for n, c in shown]}


def _facts(record: "ImageRecord", urls: MediaUrls) -> dict[str, Any]:
    return {
        "id": record.id,
        "key": record.key,
        "name": record.name,
        "page": f"/images/{record.id}" + _of_the_trash(record),
        "thumbnail": thumbnail_json(record, urls),
        "width": record.width,
        "height": record.height,
        "uploaded_at": utc_text(record.uploaded_at),
        "taken_at": record.taken_at or None,
        "status": record.status,
        "error": error_json(record),
    }


def _of_the_trash(record: "ImageRecord") -> str:
    """Return what an address says of a picture in the trash: others may have its id."""
    return f"?trash={trash_stamp(record.trash)}" if record.trash else ""


def thumbnail_json(record: "ImageRecord", urls: MediaUrls) -> dict[str, Any] | None:
    """Return the small thumbnail with its true size in pixels, None while there is none."""
    url = urls.thumbnail(record, THUMBNAIL_WIDTH)
    if url is None:
        return None
    ending = f"/{THUMBNAIL_WIDTH}.webp"
    for thumbnail in record.thumbnails:
        if thumbnail.key.endswith(ending):
            return {"url": url, "width": thumbnail.width, "height": thumbnail.height}
    return {"url": url, "width": record.width, "height": record.height}


def detail(
    record: "ImageRecord", urls: MediaUrls, document: Document | None, raw: Any
) -> dict[str, Any]:
    """Return all that is known of one picture; `raw` is its document as it stands in the store."""
    if document is None:
        labels = [{"name": name, "confidence": sure} for name, sure in record.labels]
    else:
        labels = [label_json(label) for label in document.shown_labels()]
    return _facts(record, urls) | {
        "labels": labels,
        "content_type": record.content_type,
        "size": record.size,
        "sha256": record.sha256 or None,
        "camera": record.camera or None,
        "trashed": bool(record.trash),
        "properties": properties_json(document.properties if document else None),
        "original": urls.original(record),
        "document": raw,
    }


def label_json(label: ShownLabel) -> dict[str, Any]:
    """Return a label with all that is known of it; boxes are fractions of the upright picture."""
    return {
        "name": label.name,
        "confidence": label.confidence,
        "source": label.source,
        "parents": label.parents,
        "aliases": label.aliases,
        "categories": label.categories,
        "instances": [
            {
                "confidence": instance.confidence,
                "bounding_box": {
                    "left": instance.box.left,
                    "top": instance.box.top,
                    "width": instance.box.width,
                    "height": instance.box.height,
                },
            }
            for instance in label.instances
        ],
    }


def properties_json(properties: ImageProperties | None) -> dict[str, Any] | None:
    """Return what was measured of a picture: quality from 0 to 100, dominant colours in percent."""
    if properties is None:
        return None
    return {
        "brightness": properties.brightness,
        "sharpness": properties.sharpness,
        "contrast": properties.contrast,
        "dominant_colors": [
            {
                "hex": color.hex_code,
                "name": color.simplified_color,
                "css_color": color.css_color,
                "percent": color.pixel_percent,
            }
            for color in properties.dominant_colors
        ],
    }
