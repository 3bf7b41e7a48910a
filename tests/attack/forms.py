"""The forms of the admin, as the routes declare them: one that is added tomorrow is attacked tomorrow."""

from collections.abc import Mapping
from typing import Literal, get_args, get_origin

from pydantic import BaseModel

from tests.admin.routes import Route, changes

# Read by hand in the handler, because a file may be among them.
BY_HAND = {
    "POST /chats/import": ("file",),
    "POST /team/invitations/list": ("list", "role", "step"),
}
# Changes whose address says it all.
WITHOUT_FIELDS = {
    "POST /audit/export",
    "POST /logout",
    "POST /profile/sessions/{handle:str}/end",
    "POST /profile/sessions/end",
    "POST /profile/second-factor",
    "POST /profile/telegram",
    "POST /profile/telegram/unlink",
    "POST /team/invitations/{invitation:uuid}/revoke",
    "POST /team/{person:uuid}/telegram/unlink",
    "POST /chats/links/{link_id:uuid}/revoke",
    "POST /clients/{client_id:uuid}/export",
    "POST /requests/{request_id:uuid}/take",
    "POST /requests/{request_id:uuid}/excuse",
    "POST /requests/{request_id:uuid}/replies/{reply_id:uuid}/retry",
    "POST /tasks/{task_id:uuid}/discard",
    "POST /tasks/{task_id:uuid}/start",
    "POST /errors/{fingerprint:str}/resolve",
    "POST /system/test",
    "POST /system/messages/{message_id:uuid}/resend",
}
# What a person would type, so that only the one field that is attacked is odd.
SENSIBLE = {
    "answer": "Ответ",
    "chats": "00000000-0000-4000-8000-00000000ffff",
    "ends_on": "2000-01-02",
    "low_rating_threshold": "3",
    "instead_of": "00000000-0000-4000-8000-00000000ffff",
    "note": "Позвонили",
    "quarterly_survey": "false",
    "quarterly_survey_day": "1",
    "quarterly_survey_hour": "10",
    "rate_after_answer": "false",
    "resolution": "talked",
    "segments": "00000000-0000-4000-8000-00000000ffff",
    "starts_at": "2026-04-06T10:00",
    "starts_on": "2000-01-01",
    "survey_pause_hours": "24",
    "survey_reminder_days": "3",
    "survey_voting_days": "14",
    "voting_days": "14",
    "archived": "no",
    "category": "Акты",
    "content": "Текст",
    "files_answer": "true",
    "firm_name": "Бухгалтерия",
    "keywords": "заклинание",
    "off_hours_reply": "true",
    # Asked by nobody: the answer stays, and would be given to the clients of other tests.
    "question": "Где заклинание?",
    "retention_years": "5",
    "silent_after_days": "14",
    "title": "Название",
    "classification": "spam",
    "act": "take",
    "assignee": "chat",
    "body": "Готово",
    "name": "Утро",
    "query": "state=overdue",
    "reply_id": "00000000-0000-4000-8000-00000000abcd",
    "active": "yes",
    "anonymous_staff": "false",
    "chat": "00000000-0000-4000-8000-00000000ffff",
    "is_seen": "true",
    "monitoring_enabled": "false",
    "receipts": "off",
    "tier": "standard",
    "alerts_per_hour": "20",
    "code": "000000",
    "email": "somebody@buhbot.test",
    "factor": "none",
    "full_name": "Нина Новикова",
    "list": "somebody@buhbot.test;Нина Новикова",
    "next": "/requests",
    "password": "four plain words here",
    "quiet_from": "22:00",
    "quiet_until": "08:00",
    "repeated": "four plain words here",
    "role": "observer",
    "step": "invite",
}


def fields_of(route: Route) -> tuple[str, ...]:
    """Return what the route reads. A route that reads a form in another way is to be named above."""
    if route.method == "GET":
        return ()
    field = route.handler.parsed_data_field
    if field is None:
        assert str(route) in BY_HAND or str(route) in WITHOUT_FIELDS, f"{route}: which fields does it read?"
        return BY_HAND.get(str(route), ())
    assert issubclass(field.annotation, BaseModel), str(route)
    return tuple(field.annotation.model_fields)


def filled(route: Route, more: Mapping[str, str]) -> dict[str, str]:
    return {name: more.get(name, _sensible(route, name)) for name in fields_of(route)}


def _sensible(route: Route, name: str) -> str:
    """Return what a person would put there; of a field that offers choices, one of them."""
    field = route.handler.parsed_data_field
    kind = field.annotation.model_fields[name].annotation if field else str
    value = SENSIBLE.get(name, "")
    offered = get_args(kind) if get_origin(kind) is Literal else ("true", "false") if kind is bool else ()
    return value if value in offered or not offered else offered[0]


def forms() -> list[Route]:
    return [route for route in changes() if fields_of(route)]
