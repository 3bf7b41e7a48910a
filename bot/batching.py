"""Records on their way to the database: those that wait at the same moment travel in one call."""

import asyncio
import contextvars
import time
from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import msgspec
import structlog
from prometheus_client import Counter, Histogram

from bot.identity import PEOPLE, Person, asked
from bot.intake import Record
from infra.caching import REQUESTS, Cache
from infra.redis import Hints
from infra.supabase import Database, Refused, Unavailable

BATCH = 100
# While one call is under way, the next one fills: every call has its price, and few large ones cost half of many small
# ones. A second one goes beside it when it is half as large, and takes no chat that the first has: it would wait for
# that chat's lock, and the database for nobody.
CALLS = 2

# SQLSTATE classes that one record can cause; of a batch refused so, each goes alone. Any other refusal, say a missing
# grant, would meet every record alike.
_ONE_RECORD = ("21", "22", "23")
# The class that blames the data itself. The others would be our own mistakes, and must not cost a message.
_BAD_DATA = "22"

stored = Counter("buhbot_intake_records_total", "Records by what became of them.", ["outcome"])
batches = Histogram("buhbot_intake_batch_records", "Records per call.", buckets=(1, 2, 5, 10, 20, 50, 100))
seconds = Histogram("buhbot_intake_seconds", "Time of one call to ingest.")
# By Telegram's clock, which counts whole seconds.
lag = Histogram(
    "buhbot_intake_lag_seconds",
    "Time from the moment in which a message was written to its commit.",
    buckets=(1, 2, 5, 10, 30, 60, 300, 1800, 7200),
)
# Looked up once: finding the label costs more than counting.
_counted = {outcome: stored.labels(outcome) for outcome in ("recorded", "duplicate", "rejected", "unavailable")}

log = structlog.get_logger()


class Answer(msgspec.Struct, frozen=True):
    """What `api.ingest` says of one record. No pydantic: it would take as long as reading the record itself."""

    outcome: Literal["recorded", "duplicate", "rejected"]


class Waiting(NamedTuple):
    """A record, the key of its author where that will be asked for, and where its outcome goes."""

    record: Record
    author: str | None
    outcome: asyncio.Future[str]


class Batcher:
    """Collects records while a call is under way and sends them with the next; `store` returns after their commit.

    Authors whom `people` does not know are asked for in the same call, so that nobody has to ask afterwards.
    """

    def __init__(self, database: Database, hints: Hints, people: Cache[Person] | None = None) -> None:
        self._database, self._hints, self._people = database, hints, people
        self._waiting: list[Waiting] = []
        # Of the calls under way: whose records they hold, and how many.
        self._chats: set[Any] = set()
        self._travelling = 0
        self._senders: set[asyncio.Task[None]] = set()
        self._sending = 0

    async def store(self, record: Record, author: str | None = None) -> str:
        """Return `recorded`, `duplicate` or `rejected` once committed; raise `Unavailable` when that cannot be now."""
        outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self._waiting.append(Waiting(record, author, outcome))
        # Who is to send, and has not begun, takes this one along.
        if self._sending == 0 or (self._sending < CALLS and 0 < self._travelling <= 2 * len(self._waiting)):
            self._sending += 1
            # In a context of its own: its log lines are about many requests, not about the one that came first.
            sender = asyncio.create_task(self._send_waiting(), context=contextvars.Context())
            self._senders.add(sender)
            sender.add_done_callback(self._senders.discard)
        return await outcome

    async def close(self) -> None:
        """Return when everything that waits is committed or refused."""
        while self._senders:
            await asyncio.wait(self._senders)

    async def _send_waiting(self) -> None:
        try:
            while batch := self._next():
                chats = {one.record["chat_id"] for one in batch}
                self._chats |= chats
                self._travelling += len(batch)
                try:
                    await self._send(batch)
                finally:
                    self._chats -= chats
                    self._travelling -= len(batch)
        finally:
            # In the same breath as the look at who waits: whoever comes next must not rely on a task that has ended.
            self._sending -= 1

    def _next(self) -> list[Waiting]:
        """Take what may go now; what stays is taken by whoever is still sending."""
        going: list[Waiting] = []
        staying: list[Waiting] = []
        for one in self._waiting:
            may_go = len(going) < BATCH and one.record["chat_id"] not in self._chats
            (going if may_go else staying).append(one)
        if 2 * len(going) < self._travelling:
            return []
        self._waiting = staying
        return going

    async def _send(self, batch: list[Waiting]) -> None:
        batches.observe(len(batch))
        authors = [one.author for one in batch if one.author]
        try:
            outcomes = await self._outcomes([one.record for one in batch], authors)
        except Exception as error:
            log.error("ingest_failed", exc_info=error)
            outcomes = [Unavailable(type(error).__name__)] * len(batch)
        committed_at = time.time()
        for one, outcome in zip(batch, outcomes, strict=True):
            written_at = one.record.get("edited_at") or one.record.get("date")
            if outcome == "recorded" and isinstance(written_at, int):
                lag.observe(committed_at - written_at)
            # Done already when Telegram hung up on the request that waited.
            if not one.outcome.done():
                _settle(one.outcome, outcome)
        if "recorded" in outcomes:
            self._hints.say(REQUESTS)

    async def _outcomes(self, records: list[Record], authors: Sequence[str] = ()) -> list[str | Unavailable]:
        """Return what became of each record."""
        try:
            with seconds.time():
                return [*await self._call(records, authors)]
        except Unavailable as error:
            return await self._repeated(records, error)
        except Refused as refusal:
            if authors:
                # Whatever is wrong with a question costs no message.
                return await self._outcomes(records)
            if len(records) > 1 and refusal.code.startswith(_ONE_RECORD):
                log.warning("batch_refused", code=refusal.code, records=len(records))
                return [outcome for record in records for outcome in await self._outcomes([record])]
            return [await self._set_aside(record, refusal) for record in records]

    async def _repeated(self, records: list[Record], cause: Unavailable) -> list[str | Unavailable]:
        """Idempotent, so a call that a restart or a deadlock cut off is made again, once."""
        try:
            outcomes = await self._call(records)
        except (Unavailable, Refused):
            return [cause] * len(records)
        # What the first call had committed unseen is new to us all the same.
        return ["recorded" if outcome == "duplicate" else outcome for outcome in outcomes]

    async def _set_aside(self, record: Record, refusal: Refused) -> str | Unavailable:
        """A record that cannot be stored must not come back for ever: by its id alone it ends among the rejects."""
        log.error("record_refused", code=refusal.code, update_id=record["update_id"])
        if not refusal.code.startswith(_BAD_DATA):
            return Unavailable(refusal.key)
        (outcome,) = await self._repeated([{"update_id": record["update_id"]}], Unavailable(refusal.key))
        return outcome

    async def _call(self, records: list[Record], authors: Sequence[str] = ()) -> list[str]:
        # Without what is null: that would be half of all that travels.
        updates = [{name: value for name, value in record.items() if value is not None} for record in records]
        if self._people and (unknown := self._people.unknown(authors)):
            given = await self._met(updates, unknown, self._people)
        else:
            given = await self._database.hand_over("ingest", updates)
        answers = msgspec.convert(given, list[Answer])
        if len(answers) != len(records):
            raise Unavailable("an answer for other records")
        return [answer.outcome for answer in answers]

    async def _met(self, updates: list[Record], unknown: list[str], people: Cache[Person]) -> Any:
        times_forgotten = people.times_forgotten
        found: Any = await self._database.call("ingest_and_identify", updates=updates, people=asked(unknown))
        people.learn(dict(zip(unknown, PEOPLE.validate_python(found["people"]), strict=True)), times_forgotten)
        return found["answers"]


def _settle(future: asyncio.Future[str], outcome: str | Unavailable) -> None:
    if isinstance(outcome, Unavailable):
        _counted["unavailable"].inc()
        future.set_exception(outcome)
    else:
        _counted[outcome].inc()
        future.set_result(outcome)
