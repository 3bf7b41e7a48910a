"""A typed client of the control API, for tests: `await sim.say(2001, -1001000000001, "Где акт?", minutes_ago=70)`."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any, Self, TypeVar

import aiohttp
from pydantic import BaseModel, ConfigDict, Field

POLL_SECONDS = 0.03

Found = TypeVar("Found")


class SimulatorRefusedError(Exception):
    """The control API said no; the text says why."""


class _Seen(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Account(_Seen):
    id: int
    is_bot: bool
    first_name: str
    username: str | None = None


class Place(_Seen):
    id: int
    type: str
    title: str | None = None


class Button(_Seen):
    text: str
    callback_data: str | None = None
    url: str | None = None


class Markup(_Seen):
    inline_keyboard: list[list[Button]] = Field(default_factory=list)


class Message(_Seen):
    """A message as the chat shows it. `date` is in unix seconds; `reactions` are by person id."""

    message_id: int
    date: int
    chat: Place
    author: Account = Field(alias="from")
    text: str | None = None
    caption: str | None = None
    edit_date: int | None = None
    message_thread_id: int | None = None
    reply_markup: Markup = Field(default_factory=Markup)
    reply_to_message: "Message | None" = None
    reactions: dict[int, list[str]] = Field(default_factory=dict)

    @property
    def chat_id(self) -> int:
        return self.chat.id

    @property
    def words(self) -> str:
        return self.text or self.caption or ""

    @property
    def by_bot(self) -> bool:
        return self.author.is_bot

    @property
    def buttons(self) -> list[str]:
        return [button.text for row in self.reply_markup.inline_keyboard for button in row]


class Said(_Seen):
    """`update_id` is None when the bot does not get to see the message."""

    message: Message
    update_id: int | None


class Press(_Seen):
    """A press and, once the bot has answered, its toast."""

    id: str
    answered: bool = False
    text: str | None = None
    show_alert: bool = False


class Delivery(_Seen):
    update_id: int
    chat_id: int
    kind: str
    number: int
    at: float
    status: int | None
    error: str | None
    repeat: bool


class Call(_Seen):
    id: int
    at: float
    method: str
    parameters: dict[str, Any]
    error_code: int | None
    description: str | None
    message_id: int | None


async def _until(look: Callable[[], Awaitable[Found | None]], seconds: float, problem: str) -> Found:
    end = time.monotonic() + seconds
    while (found := await look()) is None:
        if time.monotonic() > end:
            raise TimeoutError(f"{problem} within {seconds} s")
        await asyncio.sleep(POLL_SECONDS)
    return found


class SimulatorClient:
    """One HTTP session. Use it as an async context manager, or close it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._http:
            await self._http.close()

    async def _ask(self, verb: str, name: str, **options: Any) -> Any:
        # Made at the first call: a session belongs to the loop in which it is made.
        self._http = self._http or aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=30))
        async with self._http.request(verb, f"{self.url}/_sim/{name}", **options) as response:
            body = await response.json()
            if response.status >= 400:
                raise SimulatorRefusedError(f"{name}: {body.get('message')}")
            return body

    async def post(self, name: str, /, **fields: Any) -> dict[str, Any]:
        """Call any POST of the control API; fields that are None are left out."""
        given = {key: value for key, value in fields.items() if value is not None}
        answer: dict[str, Any] = await self._ask("POST", name, json=given)
        return answer

    async def get(self, name: str, /, **query: Any) -> dict[str, Any]:
        answer: dict[str, Any] = await self._ask(
            "GET", name, params={key: str(value) for key, value in query.items() if value is not None}
        )
        return answer

    # What people do. Further fields are those of the control API: date, minutes_ago, reply_to, topic_id, ...

    async def say(self, user_id: int, chat_id: int, text: str, **more: Any) -> Said:
        return Said.model_validate(await self.post("say", user_id=user_id, chat_id=chat_id, text=text, **more))

    async def send(self, user_id: int, chat_id: int, kind: str, **more: Any) -> Said:
        return Said.model_validate(await self.post("send", user_id=user_id, chat_id=chat_id, kind=kind, **more))

    async def edit(self, user_id: int, message: Message, text: str, **more: Any) -> Said:
        place = {"chat_id": message.chat_id, "message_id": message.message_id}
        return Said.model_validate(await self.post("edit", user_id=user_id, text=text, **place, **more))

    async def react(self, user_id: int, message: Message, *emoji: str) -> int | None:
        place = {"chat_id": message.chat_id, "message_id": message.message_id}
        answer = await self.post("react", user_id=user_id, emoji=list(emoji), **place)
        update_id: int | None = answer["update_id"]
        return update_id

    async def start(self, user_id: int, payload: str = "") -> Said:
        return Said.model_validate(await self.post("start", user_id=user_id, payload=payload))

    async def press(self, user_id: int, message: Message, button: str | int) -> Press:
        """Press a button by its text or index; `until_answered` waits for the bot's toast."""
        place = {"chat_id": message.chat_id, "message_id": message.message_id}
        answer = await self.post("press", user_id=user_id, button=button, **place)
        return Press(id=answer["query_id"])

    # What happened.

    async def messages(self, chat_id: int, since: int = 0) -> list[Message]:
        answer = await self.get("messages", chat_id=chat_id, since=since)
        return [Message.model_validate(one) for one in answer["messages"]]

    async def calls(self, method: str | None = None, since: int = 0) -> list[Call]:
        answer = await self.get("calls", method=method, since=since)
        return [Call.model_validate(one) for one in answer["calls"]]

    async def deliveries(self, update_id: int | None = None, since: float = 0) -> list[Delivery]:
        answer = await self.get("deliveries", update_id=update_id, since=since)
        return [Delivery.model_validate(one) for one in answer["deliveries"]]

    async def pending(self) -> int:
        return int((await self.get("status"))["pending"])

    async def until_message(
        self, chat_id: int, fits: Callable[[Message], bool] | str, *, since: int = 0, seconds: float = 10
    ) -> Message:
        """Return the first message that fits (a function, or a piece of its text), as soon as there is one."""

        def is_it(message: Message) -> bool:
            return fits in message.words if isinstance(fits, str) else fits(message)

        async def look() -> Message | None:
            return next((one for one in await self.messages(chat_id, since) if is_it(one)), None)

        return await _until(look, seconds, f"no such message in {chat_id}")

    async def until_answered(self, press: Press, seconds: float = 10) -> Press:
        """Return the press with the answer of the bot."""

        async def look() -> Press | None:
            found = Press.model_validate(await self.get("query", id=press.id))
            return found if found.answered else None

        return await _until(look, seconds, "the press was not answered")

    async def until_delivered(self, seconds: float = 10) -> None:
        """Wait until the bot has accepted every update."""

        async def look() -> bool | None:
            return True if await self.pending() == 0 else None

        await _until(look, seconds, "updates are still pending")

    # What goes wrong on order.

    async def faults(self, *faults: dict[str, Any]) -> None:
        """Replace the waiting faults, such as {"method": "sendMessage", "times": 2, "code": 502}."""
        await self._ask("POST", "faults", json=list(faults))

    async def switches(self, **changes: Any) -> None:
        """Change deliveries: paused, duplicates, disorder, delay_seconds, retry_cap_seconds, ..."""
        await self._ask("POST", "switches", json=changes)

    async def limits(self, *, on: bool) -> None:
        await self.post("limits", on=on)

    async def reset(self) -> None:
        await self.post("reset")
