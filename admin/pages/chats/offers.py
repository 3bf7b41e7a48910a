"""What may be chosen for a chat, where it is connected and where it is changed."""

from uuid import UUID

from admin.pages.chats.card import Offers
from admin.people import SignedIn


async def read_offers(me: SignedIn, find: str = "", client: UUID | None = None) -> Offers:
    """Return what there is: of the clients this one, and those that the words find. Raises what `Database` raises."""
    clients = [str(client)] if client else []
    offered = await me.database.call("chat_offers", words=find, clients=clients)
    return Offers.model_validate(offered).model_copy(update={"words": find})
