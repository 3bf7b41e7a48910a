"""Every method the simulator does, by its Bot API name; all others are answered 501."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from infra.local.telegram.methods import chats, messages, sending, updates
from infra.local.telegram.methods import parameters as asked
from infra.local.telegram.simulator import Simulator
from infra.local.telegram.webhook_answer import Files

Asked = TypeVar("Asked", bound=asked.Parameters)


@dataclass(frozen=True)
class Method:
    name: str
    parameters: type[asked.Parameters]
    run: Callable[[Simulator, Any, Files], Awaitable[Any]]


def _method(
    name: str, parameters: type[Asked], run: Callable[[Simulator, Asked, Files], Awaitable[Any]]
) -> tuple[str, Method]:
    return name.lower(), Method(name, parameters, run)


METHODS = dict(
    [
        _method("getMe", asked.Nothing, chats.get_me),
        _method("sendMessage", asked.SendMessage, sending.send_message),
        _method("sendDocument", asked.SendDocument, sending.send_document),
        _method("sendPhoto", asked.SendPhoto, sending.send_photo),
        _method("sendChatAction", asked.SendChatAction, sending.send_chat_action),
        _method("editMessageText", asked.EditMessageText, messages.edit_message_text),
        _method("editMessageReplyMarkup", asked.EditMessageReplyMarkup, messages.edit_message_reply_markup),
        _method("deleteMessage", asked.DeleteMessage, messages.delete_message),
        _method("setMessageReaction", asked.SetMessageReaction, messages.set_message_reaction),
        _method("answerCallbackQuery", asked.AnswerCallbackQuery, updates.answer_callback_query),
        _method("getFile", asked.GetFile, updates.get_file),
        _method("getChat", asked.OfChat, chats.get_chat),
        _method("getChatMember", asked.GetChatMember, chats.get_chat_member),
        _method("getChatAdministrators", asked.OfChat, chats.get_chat_administrators),
        _method("getChatMemberCount", asked.OfChat, chats.get_chat_member_count),
        _method("leaveChat", asked.OfChat, chats.leave_chat),
        _method("setMyCommands", asked.SetMyCommands, chats.set_my_commands),
        _method("getMyCommands", asked.OfCommands, chats.get_my_commands),
        _method("deleteMyCommands", asked.OfCommands, chats.delete_my_commands),
        _method("setWebhook", asked.SetWebhook, updates.set_webhook),
        _method("deleteWebhook", asked.DeleteWebhook, updates.delete_webhook),
        _method("getWebhookInfo", asked.Nothing, updates.get_webhook_info),
        _method("getUpdates", asked.GetUpdates, updates.get_updates),
        _method("close", asked.Nothing, updates.let_go),
        _method("logOut", asked.Nothing, updates.let_go),
    ]
)
