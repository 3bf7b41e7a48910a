"""Writes down what people do in Telegram as intake records, dated and numbered as Telegram would."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count

from tests.sql.firm import Row, moscow
from tests.sql.model import story

# What every chat is called, in the database too: an audited change of names tells nothing here.
NAME = "Чат"
START = moscow("2026-04-02 15:00").astimezone(UTC)


@dataclass
class Scribe:
    now: datetime = START
    said: list[Row] = field(default_factory=list)
    numbers: "count[int]" = field(default_factory=lambda: count(1000))

    def write(self, action: story.Talk) -> Row | None:
        """Return the record; None when there is no such message to edit or to react to."""
        self.now += timedelta(minutes=action.after)
        match action:
            case story.Say():
                return self._say(action)
            case story.Edited():
                return self._edit(action)
            case story.React():
                return self._react(action)

    def _record(self, chat: int, who: int, **more: object) -> Row:
        return {
            "update_id": next(self.numbers), "chat_id": chat, "chat_type": "supergroup", "chat_name": NAME,
            "date": int(self.now.timestamp()), "user_id": who, "author_name": "Кто-то", "is_bot": who == story.BOT,
            "on_behalf": who == story.CHANNEL, **more,
        }  # fmt: skip

    def _which(self, number: int | None) -> Row | None:
        """Return one of the latest messages, 0 the last."""
        return self.said[-1 - number] if number is not None and number < len(self.said) else None

    def _say(self, action: story.Say) -> Row:
        chat, topic = action.topic
        record = self._record(chat, action.who, topic_id=topic, **story.WORDS[action.words])
        record["message_id"] = record["update_id"]
        addressed = self._which(action.reply_to)
        if addressed and (addressed["chat_id"], addressed["topic_id"]) == action.topic:
            record |= {
                "reply_to": addressed["message_id"], "reply_to_date": addressed["date"],
                "reply_to_user_id": addressed["user_id"], "reply_to_is_bot": addressed["is_bot"],
            }  # fmt: skip
        self.said.append(record)
        return record

    def _edit(self, action: story.Edited) -> Row | None:
        original = self._which(action.which)
        if original is None or original["kind"] in ("service", "command"):
            return None
        words = {"classification": "request", **story.WORDS[action.words]}
        if original["kind"] != "text":
            words |= {"kind": original["kind"], "caption": words["text"], "text": None}
        changed = {"type": "edit", "update_id": next(self.numbers), "edited_at": int(self.now.timestamp())}
        return {**original, **words, **changed}

    def _react(self, action: story.React) -> Row | None:
        message = self._which(action.which)
        if message is None:
            return None
        emoji = None if action.withdrawn else "👍"
        record = self._record(message["chat_id"], action.who, type="reaction", emoji=emoji)
        return {**record, "message_id": message["message_id"]}
