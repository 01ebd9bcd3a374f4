"""The pages to read: gallery, picture, insights, help (webapp/page_actions.py has the forms)."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from catalog import reads
from catalog.document import Document, read_document
from catalog.edits import MAX_NAME
from catalog.errors import (
    DocumentError,
    ImageNotFoundError,
    InvalidCursorError,
    ObjectNotFoundError,
    SearchSyntaxError,
)
from catalog.query import parse
from catalog.records import ImageRecord, Page
from webapp import page_actions, trash_pages
from webapp.addresses import DEFAULT_SORT, SORTS, Address
from webapp.empty_view import Empty
from webapp.filter_view import FilterBar
from webapp.help_view import examples
from webapp.insights_view import Insights
from webapp.label_view import Labels
from webapp.params import path_part, percent_in, trash
from webapp.rendering import StyleSheet, render
from webapp.services import Services, services_of
from webapp.states_view import trash_link, unfinished
from webapp.view_models import Facets, Message, Mistake, Results, now_utc
from webapp.wording import pictures

router = APIRouter(default_response_class=HTMLResponse, include_in_schema=False)
router.include_router(page_actions.router)
router.include_router(trash_pages.router)

PAGE_SIZE = 60
FACETS, ALL_FACETS = 40, 400


class PageMistakeError(Exception):
    """The address holds something that cannot be meant; carries the mistake to show."""

    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.sentence)
        self.mistake = mistake


@router.get("/")
def gallery(request: Request) -> Response:
    """Show the pictures that a search finds; a mistake in the address is a page with status 400."""
    asked = request.query_params
    services = services_of(request)
    try:
        address = read_address(asked)
        if "clause" in asked:
            return RedirectResponse(_bounded(address, asked), 303)
        if asked.get("part") == "results":
            return render(request, "gallery/part.html", _results(services, address, asked))
        context = _gallery(services, address, asked)
    except PageMistakeError as error:
        context = _gallery(services, Address(parse("")), {}) | {
            "search_text": asked.get("q", ""),
            "title": "A mistake in the search",
            "mistake": error.mistake,
        }
        return render(request, "gallery/page.html", context, 400)
    return render(request, "gallery/page.html", context | {"messages": _messages(request, address)})


@router.get("/images/{image_id}")
def picture(request: Request) -> HTMLResponse:
    """Show one picture with its labels; raise ImageNotFoundError for an id that is not there."""
    from webapp.picture_view import Actions, Properties, Stage  # the gallery starts without them

    image_id = path_part(request, "image_id")
    services = services_of(request)
    try:
        address = read_address(request.query_params)
    except PageMistakeError:
        address = Address(parse(""))
    with services.database.reading() as conn:
        record = reads.get_image(conn, image_id, trash(request))
        if record is None:
            raise ImageNotFoundError(image_id)
        neighbours = None
        if not record.trash:
            neighbours = reads.neighbours(
                conn, address.query, address.min, address.sort, image_id
            )  # fmt: skip
    document, source = load_document(services, record)
    labels = document.shown_labels() if document else []
    style = StyleSheet()
    context = {
        "title": record.name,
        "search_text": address.query.text,
        "record_id": record.id,
        "stage": Stage.of(address, record, labels, services.urls, neighbours, style),
        "labels": Labels.of(address, record, document, labels, style),
        "properties": Properties.of(record, document, source, style),
        "actions": Actions.of(address, record),
        "style": style,
        "messages": _messages(request, address),
    }
    return render(request, "picture/page.html", context)


@router.get("/images/{image_id}/original")
def original(request: Request) -> RedirectResponse:
    """Lead to the original bytes; signed addresses end after a while, this one does not.

    With `?download` they are saved, not shown. Raises ImageNotFoundError.
    """
    image_id = path_part(request, "image_id")
    services = services_of(request)
    with services.database.reading() as conn:
        record = reads.get_image(conn, image_id, trash(request))
    if record is None:
        raise ImageNotFoundError(image_id)
    saved = "download" in request.query_params
    url = services.urls.download(record) if saved else services.urls.original(record)
    return RedirectResponse(url, 302, {"Cache-Control": "no-store"})


@router.get("/help")
def show_help(request: Request) -> HTMLResponse:
    """Show the search language and the keys."""
    return render(request, "help/page.html", {"title": "Help", "examples": examples()})


@router.get("/insights")
def show_insights(request: Request) -> HTMLResponse:
    """Show what the library holds as charts, one label of it closely."""
    services = services_of(request)
    label = " ".join(request.query_params.get("label", "").split())[:MAX_NAME]
    with services.database.reading() as conn:
        insights = Insights.of(conn, label, services.urls)
    context = {"title": "Insights", "insights": insights}
    return render(request, "insights/page.html", context)


def read_address(asked: Mapping[str, str]) -> Address:
    """Read q, min and sort. Raises PageMistakeError with a sentence for a person."""
    text = asked.get("q", "").strip()
    try:
        query = parse(text)
    except SearchSyntaxError as error:
        raise PageMistakeError(Mistake.at(error.message, text, error.position)) from error
    sort = asked.get("sort", "") or DEFAULT_SORT
    if sort not in SORTS:
        known = ", ".join(SORTS)
        raise PageMistakeError(Mistake(f"Pictures can be sorted by {known}; not by “{sort[:40]}”."))
    return Address(query, _read_min(asked.get("min", "")), sort)


def _read_min(text: str) -> float | None:
    try:
        return percent_in(text)
    except ValueError as error:
        raise PageMistakeError(Mistake("The confidence is a number from 0 to 100.")) from error


def _bounded(address: Address, asked: Mapping[str, str]) -> str:
    """Return where a chip's form leads that gives a label a threshold of its own."""
    try:
        low = percent_in(asked.get("bound", ""))
    except ValueError as error:
        raise PageMistakeError(Mistake("The confidence is a number from 0 to 100.")) from error
    try:
        return address.bounded(int(asked["clause"]), low, int(asked.get("label", 0)))
    except (ValueError, IndexError):
        return address.gallery()


def _gallery(services: Services, address: Address, asked: Mapping[str, str]) -> dict[str, object]:
    limit = ALL_FACETS if asked.get("labels") == "all" else FACETS
    query, low = address.query, address.min
    with services.database.reading() as conn:
        page = _search(conn, address, asked, counted=True)
        counts = reads.label_counts(conn, query, min=low, limit=limit)
        histogram = reads.confidence_histogram(conn, query)
        states = unfinished(conn, address)
        empty = None if page.images else Empty.of(conn, address)
    style = StyleSheet()
    return {
        "title": query.text or "All pictures",
        "search_text": query.text,
        "filterbar": FilterBar.of(address, page, histogram),
        "facets": Facets.of(address, counts, style, limit=limit, total=page.total),
        "results": _shown(services, address, asked, page, style, empty),
        "style": style,
        "unfinished": states,
        "trash": trash_link(),
        "mistake": None,
    }


def _results(services: Services, address: Address, asked: Mapping[str, str]) -> dict[str, object]:
    """Return one page of the pictures alone: what endless scrolling asks for, page by page."""
    with services.database.reading() as conn:
        page = _search(conn, address, asked, counted=False)
        empty = None if page.images else Empty.of(conn, address)
    style = StyleSheet()
    results = _shown(services, address, asked, page, style, empty)
    return {"title": "Pictures", "results": results, "style": style, "mistake": None}


def _search(conn: Connection, address: Address, asked: Mapping[str, str], *, counted: bool) -> Page:
    try:
        return reads.search(
            conn,
            address.query,
            min=address.min,
            sort=address.sort,
            limit=PAGE_SIZE,
            cursor=asked.get("cursor") or None,
            counted=counted,
        )
    except InvalidCursorError as error:
        sentence = "This page of the results is no longer there. Start from the first one."
        raise PageMistakeError(Mistake(sentence)) from error


def _shown(
    services: Services,
    address: Address,
    asked: Mapping[str, str],
    page: Page,
    style: StyleSheet,
    empty: Empty | None,
) -> Results:
    cursor = asked.get("cursor") or None
    return Results.of(address, page, services.urls, style, now_utc().date(), cursor, empty)


def load_document(services: Services, record: ImageRecord) -> tuple[Document | None, bytes]:
    """Return a picture's document and its bytes; (None, b"") while it has none that can be read."""
    try:
        source, _ = services.store.read(record.document_key)
    except ObjectNotFoundError:
        return None, b""
    try:
        return read_document(source), source
    except DocumentError:
        return None, source


def _messages(request: Request, address: Address) -> list[Message]:
    """Say what the form that led here has done, with the way back from it."""
    asked = request.query_params
    if image_id := asked.get("deleted"):
        undo = address.action(image_id, "restore")
        return [Message("The picture is in the trash.", "Undo", undo)]
    if image_id := asked.get("restored"):
        link = address.picture(image_id)
        return [Message("The picture is back.", link=link, link_text="Show it")]
    if (retried := asked.get("retried", "")).isdecimal():
        return [Message(f"{pictures(int(retried[:6]))} will be tagged again.")]
    if asked.get("done") == "retry":
        return [Message("The picture will be tagged again in a moment.")]
    if asked.get("done") == "taken":
        return [Message("It cannot come back: another picture has its place now.")]
    return []
