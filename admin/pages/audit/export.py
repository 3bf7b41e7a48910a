"""`/audit/export`: the entries that the page shows, to take along; that they were taken is an entry itself."""

from collections.abc import AsyncIterator, Sequence

from litestar import post
from litestar.response import Stream

from admin.exports import Cell, Column, Sheet, send
from admin.pages.audit.page import AnyRequest, Asked, Entry, Me, Page
from admin.people import SignedIn
from admin.throttling import LOW
from infra.words import _, language, speaking

# Entries of one round trip: about two megabytes; `api.export_audit` gives no more.
PAGE = 1000


@post("/audit/export", status_code=200, opt={"tier": LOW})
async def export_audit(request: AnyRequest, me: Me) -> Stream:
    """Send the entries as CSV; refused before the first."""
    asked = Asked.of(request)
    arguments = {**asked.given, **asked.bounds(request)}
    first = await _read(me, arguments, None)
    zone = asked.wall(request).zone
    return send(Sheet(_("Журнал"), _columns(zone.key), _pages(me, arguments, first, language()), zone), "csv")


async def _read(me: SignedIn, arguments: dict[str, str], before_id: int | None) -> Page:
    return Page.model_validate(await me.database.call("export_audit", **arguments, before_id=before_id, batch=PAGE))


async def _pages(
    me: SignedIn, arguments: dict[str, str], page: Page, locale: str
) -> AsyncIterator[Sequence[Sequence[Cell]]]:
    while page.entries:
        # While an answer is sent, nobody's language is set.
        with speaking(locale):
            rows = [_row(page, entry) for entry in page.entries]
        yield rows
        page = await _read(me, arguments, page.entries[-1].id)


def _columns(zone: str) -> list[Column]:
    titles = (
        *(_("№"), f"{_('Когда')} ({zone})", _("Кто"), _("Действие"), _("Что"), _("Название")),
        *(_("Ключ объекта"), _("Что изменилось"), _("Печать"), _("Номер запроса"), _("Адрес")),
    )
    return [Column(title, lambda row, place=place: row[place]) for place, title in enumerate(titles)]  # type: ignore[misc]


def _row(page: Page, entry: Entry) -> Sequence[Cell]:
    changes = (f"{one.name}: {' → '.join(filter(None, (one.before, one.after)))}" for one in page.differences(entry))
    return (
        *(entry.id, entry.happened_at, entry.who, entry.action_words, entry.entity_words),
        *(entry.subject or page.names.get(entry.entity_id), entry.entity_id, "\n".join(changes)),
        *(entry.seal, entry.request_id, entry.address),
    )
