"""The world the bot lives in: people, chats, members and messages, with ids that never go back."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from infra.local.telegram.errors import ControlError

ChatType = Literal["private", "group", "supergroup"]
Status = Literal["creator", "administrator", "member", "restricted", "left", "kicked"]
FileKind = Literal[
    "photo", "live_photo", "document", "voice", "video", "audio", "video_note", "animation", "sticker", "paid_media"
]
# What has no file, or one that no bot can fetch.
ObjectKind = Literal["location", "venue", "contact", "poll", "dice", "story", "checklist", "game", "invoice"]
MediaKind = Literal[FileKind, ObjectKind]
PRESENT: frozenset[str] = frozenset({"creator", "administrator", "member", "restricted"})
IN_CHARGE: frozenset[str] = frozenset({"creator", "administrator"})


# Older messages of a busy chat are forgotten; nobody scrolls that far, and a bench sends many.
MESSAGES_KEPT = 10_000


class Part(BaseModel):
    """A piece of the world: it changes in place, and a misspelt field is an error."""

    model_config = ConfigDict(extra="forbid")


class Person(Part):
    """Anybody with a Telegram account, other bots included. `role` is for the playground only."""

    id: int
    first_name: str
    last_name: str | None = None
    username: str | None = None
    language_code: str | None = "ru"
    is_bot: bool = False
    role: str = ""
    started: bool = False
    blocked: bool = False
    deactivated: bool = False

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name or ''}".strip()


class Entity(Part):
    """A marked stretch of text; offset and length count UTF-16 units."""

    type: str
    offset: int
    length: int
    url: str | None = None
    language: str | None = None
    user_id: int | None = None


class Media(Part):
    """What a message carries beside words; `content` holds fields of this kind alone (duration, emoji, latitude)."""

    kind: MediaKind
    file_id: str | None = None
    file_name: str | None = None
    mime_type: str | None = None
    file_size: int = 0
    content: dict[str, Any] = Field(default_factory=dict)


class StoredFile(Part):
    """What is known of a file; its bytes live in memory only and do not survive a restart."""

    name: str
    size: int


class Message(Part):
    """One message of one chat. `service` holds the ready fields of a service message, such as new_chat_title."""

    message_id: int
    chat_id: int
    date: int
    author_id: int
    sender_chat_id: int | None = None
    edit_date: int | None = None
    text: str | None = None
    caption: str | None = None
    entities: list[Entity] = Field(default_factory=list)
    media: Media | None = None
    media_group_id: str | None = None
    reply_to: int | None = None
    quote: str | None = None
    topic_id: int | None = None
    forwarded_from: int | None = None
    keyboard: list[list[dict[str, Any]]] | None = None
    service: dict[str, Any] | None = None
    reactions: dict[int, list[str]] = Field(default_factory=dict)


class Topic(Part):
    """A thread of a forum; its id is the id of the message that opened it."""

    name: str
    closed: bool = False


class Chat(Part):
    """A group, or the private chat between the bot and the person with the same id."""

    id: int
    type: ChatType
    title: str | None = None
    is_forum: bool = False
    migrated_to: int | None = None
    topics: dict[int, Topic] = Field(default_factory=dict)
    members: dict[int, Status] = Field(default_factory=dict)
    last_message_id: int = 0
    messages: dict[int, Message] = Field(default_factory=dict)

    def status_of(self, person_id: int) -> Status:
        return self.members.get(person_id, "left")

    def has(self, person_id: int) -> bool:
        return self.type == "private" or self.status_of(person_id) in PRESENT

    def message(self, message_id: int) -> Message:
        """Return the message or refuse the control call; the Bot API has its own words for a missing one."""
        if message_id not in self.messages:
            raise ControlError(f"chat {self.id} has no message {message_id}", 404)
        return self.messages[message_id]

    def add(self, **fields: Any) -> Message:
        """Write the next message of this chat."""
        self.last_message_id += 1
        message = Message(message_id=self.last_message_id, chat_id=self.id, **fields)
        self.messages[message.message_id] = message
        if len(self.messages) > MESSAGES_KEPT:
            del self.messages[next(iter(self.messages))]
        return message


class Business(Part):
    """The bot's connection to somebody's Telegram Business account, and the account's chats by whom it talks to."""

    id: str
    account_id: int
    is_enabled: bool = True
    chats: dict[int, Chat] = Field(default_factory=dict)


class World(Part):
    """Everybody and every chat. The bot is one of the people."""

    bot_id: int
    people: dict[int, Person] = Field(default_factory=dict)
    chats: dict[int, Chat] = Field(default_factory=dict)
    commands: dict[str, list[dict[str, str]]] = Field(default_factory=dict)
    # Last message ids of chats that a reset swept away: should they come again, they go on from here.
    spent_ids: dict[int, int] = Field(default_factory=dict)
    business: dict[str, Business] = Field(default_factory=dict)
    files: dict[str, StoredFile] = Field(default_factory=dict)
    last_file_id: int = 0
    last_query_id: int = 0

    @property
    def bot(self) -> Person:
        return self.people[self.bot_id]

    def person(self, person_id: int) -> Person:
        """Return the person; a stranger is made up on the spot, so that a test needs no preparation."""
        if person_id <= 0:
            raise ControlError(f"{person_id} cannot be a person: ids of people are positive")
        if person_id not in self.people:
            self.people[person_id] = Person(id=person_id, first_name=f"Гость {person_id}")
        return self.people[person_id]

    def chat(self, chat_id: int) -> Chat:
        """Return the chat; an unknown negative id becomes a supergroup whose administrator is the bot."""
        if chat_id not in self.chats:
            self.chats[chat_id] = self._new_chat(chat_id)
        return self.chats[chat_id]

    def _new_chat(self, chat_id: int) -> Chat:
        if chat_id in {self.bot_id, 0}:
            raise ControlError(f"{chat_id} cannot be a chat of the bot")
        if chat_id > 0:
            self.person(chat_id)
            return Chat(id=chat_id, type="private", last_message_id=self.spent_ids.get(chat_id, 0))
        kind: ChatType = "supergroup" if str(chat_id).startswith("-100") else "group"
        return Chat(
            id=chat_id,
            type=kind,
            title=f"Чат {abs(chat_id)}",
            members={self.bot_id: "administrator"},
            last_message_id=self.spent_ids.get(chat_id, 0),
        )

    def settled(self, chat_id: int) -> Chat:
        """Return the chat that people write in now: a migrated group leads on to its supergroup."""
        chat = self.chat(chat_id)
        return self.settled(chat.migrated_to) if chat.migrated_to else chat

    def add_file(self, name: str, size: int) -> str:
        """Remember a file and return its new id."""
        self.last_file_id += 1
        file_id = f"SimFile{self.last_file_id:08d}"
        self.files[file_id] = StoredFile(name=name, size=size)
        return file_id

    def next_query_id(self) -> str:
        self.last_query_id += 1
        return f"{self.bot_id}{self.last_query_id:09d}"
