"""Who of the firm a field offers: everybody of a small firm, of a large one who is found by a word."""

from typing import Literal
from uuid import UUID

from admin.models import Frozen
from infra.supabase import Database
from infra.words import _, number

# Who may own a request, who may or could, or everybody.
Among = Literal["workers", "answering", "everybody"]
LONGEST = 200


class Colleague(Frozen):
    """A person of the firm."""

    id: UUID
    name: str | None

    @property
    def words(self) -> str:
        """What they are called."""
        return self.name or _("сотрудник")


class Offering(Frozen):
    """What an answer of the database has of `private.people_to_choose`."""

    people: tuple[Colleague, ...]
    many_people: bool = False


class Offer(Frozen):
    """Whom the fields of one page offer."""

    among: Among
    is_many: bool = False
    """They are found by a word; else everybody is here."""
    chosen: tuple[Colleague, ...] = ()
    people: tuple[Colleague, ...] = ()
    words: str = ""
    has_more: bool = False

    @property
    def told(self) -> str:
        """What the search has come to."""
        if not self.words:
            return ""
        if self.has_more:
            return _("Нашлось больше, чем помещается в список. Уточните имя.")
        if not self.people:
            return _("Никого с таким именем нет.")
        return _("Нашлось: {n}. Выберите в списке.").format(n=number(len(self.people)))

    def name_of(self, person: UUID | str | None) -> str | None:
        """Return what somebody offered is called."""
        return next((one.words for one in (*self.chosen, *self.people) if str(one.id) == str(person)), None)


async def offer(
    database: Database, offering: Offering, among: Among, *chosen: UUID | str | None, words: str = ""
) -> Offer:
    """Return whom to offer: what came with the page, or of a large firm these. Raises what `Database` raises."""
    if not offering.many_people:
        return Offer(among=among, people=offering.people)
    return await find(database, among, words, [str(one) for one in chosen if one])


async def find(database: Database, among: Among, words: str, chosen: list[str] | None = None) -> Offer:
    """Return who is chosen and who has these words in the name. Raises what `Database` raises."""
    sought = words.strip()[:LONGEST]
    if not sought and not chosen:
        return Offer(among=among, is_many=True)
    found = await database.call("find_people", words=sought, among=among, chosen=chosen or [])
    return Offer.model_validate({**found, "among": among, "is_many": True, "words": sought})  # type: ignore[dict-item]
