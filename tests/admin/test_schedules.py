"""`/schedules`: the week in words, an edit that is shown first, dates, the state's calendar, and who may."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from tests.admin.firm import Firm, Role
from tests.admin.process import Reader, hidden, words

WEEK = [(day, "09:00", "13:00") for day in range(1, 6)] + [(day, "14:00", "18:00") for day in range(1, 6)]


@pytest.fixture
def schedule(firm: Firm) -> Iterator[UUID]:
    """A schedule that never opens; the firm's own dates are gone afterwards."""
    yield firm.never_open()
    firm.run("delete from public.calendar_exceptions where schedule_id is null")


def send(reader: Reader, path: str, at: str | None = None, **fields: Any) -> httpx.Response:
    token = hidden(reader.get(at or path), "_csrf_token")
    return reader.post(path, data={"_csrf_token": token, **fields})


def week(*hours: tuple[int, str, str], **more: str) -> dict[str, Any]:
    named = {"name": "График проверки", "timezone": "Europe/Moscow", "follows": "yes", **more}
    return {
        **named,
        "weekday": [str(day) for day, _, _ in hours],
        "opens": [opens for _, opens, _ in hours],
        "closes": [closes for _, _, closes in hours],
    }


def test_a_schedule_that_never_opens_is_red_until_it_has_a_week_which_is_said_in_words(
    reader: Reader, firm: Firm, schedule: UUID
) -> None:
    reader.as_person(firm.hire("manager"))
    path = f"/schedules/{schedule}"
    assert "никогда не открывается" in words(reader.get("/schedules"))
    assert "Добавьте часы" in words(reader.get(path))
    shown = send(reader, path, **week(*WEEK), do="preview")
    assert "Ни один срок не сдвинется." in words(shown)
    # Nothing is stored yet, and what was typed is still there.
    assert 'value="14:00"' in shown.text
    assert "Добавьте часы" in words(reader.get(path))
    name = f"График {schedule}"
    assert send(reader, path, **week(*WEEK, name=name), do="save").status_code == 303
    page = words(reader.get(path))
    assert "пн–пт 9:00–18:00, перерыв 13:00–14:00" in page
    assert "часы: было рабочих часов нет, стало пн–пт 9:00–18:00" in page
    assert name in words(reader.get("/schedules"))


def test_an_edit_shows_the_deadlines_that_it_moves_by_name(reader: Reader, firm: Firm, schedule: UUID) -> None:
    chat = firm.connect_chat(None, schedule=schedule)
    firm.ask(chat, "Где акт?", 30)
    reader.as_person(firm.hire("manager"))
    always = [(day, "00:00", "00:00") for day in range(1, 8)]
    shown = words(send(reader, f"/schedules/{schedule}", **week(*always), do="preview"))
    assert "Сдвинет 1 срок." in shown
    assert chat.name in shown.partition("Сдвинет")[2]
    assert "нет срока" in shown


def test_buttons_of_the_week_work_without_a_script_and_store_nothing(
    reader: Reader, firm: Firm, schedule: UUID
) -> None:
    reader.as_person(firm.hire("manager"))
    path = f"/schedules/{schedule}"
    copied = send(reader, path, **week((1, "10:00", "19:00")), do="copy")
    assert copied.text.count('value="10:00"') == 5
    more = send(reader, path, **week((1, "10:00", "12:00"), (1, "13:00", "19:00")), do="more:1")
    assert more.text.count('name="weekday" value="1"') == 3
    assert 'value="10:00"' not in reader.get(path).text


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (week((1, "09:00", "18:00"), (1, "13:00", "14:00")), "Часы одного дня пересекаются"),
        (week((1, "09:00", "")), "У каждой пары часов должны быть начало и конец"),
        (week(*WEEK, name=" "), "Назовите график"),
        (week(*WEEK, name="Круглосуточно"), "График с таким названием уже есть"),
        (week(*WEEK, timezone="Mars/Olympus"), "Выберите часовой пояс"),
    ],
)
def test_what_cannot_be_is_said_beside_what_was_typed(
    reader: Reader, firm: Firm, schedule: UUID, fields: dict[str, Any], sentence: str
) -> None:
    reader.as_person(firm.hire("manager"))
    refused = send(reader, f"/schedules/{schedule}", **fields, do="save")
    assert (refused.status_code, sentence in words(refused)) == (422, True)
    assert 'value="09:00"' in refused.text


def test_dates_are_shown_first_set_listed_and_made_ordinary_again(reader: Reader, firm: Firm, schedule: UUID) -> None:
    reader.as_person(firm.hire("manager"))
    path = f"/schedules/{schedule}"
    dates = {"first_on": "2026-06-15", "last_on": "2026-06-16", "name": "Корпоратив", "says": "hours"}
    hours = {"opens": ["10:00", "12:00"], "closes": ["11:00", "15:00"]}
    assert "Ни один срок" in words(send(reader, f"{path}/dates", path, **dates, **hours, do="preview"))
    assert send(reader, f"{path}/dates", path, **dates, **hours, do="save").status_code == 303
    page = words(reader.get(f"{path}?year=2026"))
    assert "15 июня, пн 10:00–11:00, 12:00–15:00 Корпоратив" in page
    assert "особый день, Корпоратив, 4 ч" in page
    ordinary = {"first_on": "2026-06-15", "last_on": "2026-06-15", "says": "ordinary"}
    assert send(reader, f"{path}/dates", path, **ordinary, do="save").status_code == 303
    assert "15 июня" not in words(reader.get(f"{path}?year=2026")).partition("Что менялось")[0]
    refused = send(reader, f"{path}/dates", path, first_on="когда-нибудь", name="x", do="save")
    assert (refused.status_code, "Укажите первый день" in words(refused)) == (422, True)


def test_the_states_calendar_is_compared_then_written_and_has_nothing_to_do_the_second_time(
    reader: Reader, firm: Firm, schedule: UUID
) -> None:
    reader.as_person(firm.hire("manager"))
    path = "/schedules/calendar"
    ours = {"first_on": "2027-01-01", "name": "Наш Новый год", "says": "closed"}
    assert send(reader, f"{path}/dates", path, **ours, do="save").status_code == 303
    compared = words(send(reader, path, year="2027", do="preview"))
    assert "1 января, пт останется выходной: Наш Новый год выходной: Новогодние каникулы" in compared
    assert "20 февраля, сб добавится обычный день" in compared
    assert "23 февраля" not in words(reader.get(f"{path}?year=2027"))
    assert send(reader, path, year="2027", do="save").status_code == 303
    assert "23 февраля, вт выходной День защитника Отечества" in words(reader.get(f"{path}?year=2027"))
    assert "менять нечего" in words(send(reader, path, year="2027", do="preview"))
    assert "праздник, День защитника Отечества" in words(reader.get(f"/schedules/{schedule}?year=2027"))
    nowhere = send(reader, path, year="2031", do="preview")
    assert (nowhere.status_code, "Календаря на этот год пока нет" in words(nowhere)) == (422, True)


def test_a_schedule_is_made_like_another_put_away_and_brought_back(reader: Reader, firm: Firm, schedule: UUID) -> None:
    reader.as_person(firm.hire("manager"))
    name = f"Как {schedule}"
    made = send(reader, "/schedules", name=name, copy_of=str(schedule))
    path = made.headers["location"]
    assert name in words(reader.get(path))
    taken = send(reader, "/schedules", name=name)
    assert (taken.status_code, "уже есть" in words(taken)) == (422, True)
    chat = firm.connect_chat(None, schedule=UUID(path.rpartition("/")[2]))
    kept = send(reader, f"{path}/archive", path, archived="yes")
    assert (kept.status_code, "По нему ещё считаются чаты" in words(kept)) == (409, True)
    firm.run("update public.chats set schedule_id = null where chat_id = %s", chat.id)
    assert send(reader, f"{path}/archive", path, archived="yes").status_code == 303
    assert name not in words(reader.get("/schedules")).partition("Новый график")[0]
    assert name in words(reader.get("/schedules?archived=yes"))
    assert send(reader, f"{path}/archive", path, archived="no").status_code == 303
    assert name in words(reader.get("/schedules"))


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_others_read_and_are_offered_nothing_and_refused(
    reader: Reader, firm: Firm, schedule: UUID, role: Role
) -> None:
    reader.as_person(firm.hire(role))
    path = f"/schedules/{schedule}"
    page = reader.get(path)
    assert page.status_code == 200
    assert "Сохранить" not in words(page) and "Добавить даты" not in words(page)
    for action, fields in ((path, week(*WEEK)), (f"{path}/dates", {"first_on": "2026-06-15", "name": "x"})):
        refused = send(reader, action, path, **fields, do="save")
        assert (refused.status_code, "Недостаточно прав" in words(refused)) == (403, True)
    assert send(reader, "/schedules/calendar", path, year="2027", do="save").status_code == 403
    assert send(reader, "/schedules", path, name="x").status_code == 403


def test_a_schedule_that_is_not_there_is_not_found(reader: Reader, firm: Firm) -> None:
    reader.as_person(firm.hire("manager"))
    assert reader.get("/schedules/00000000-0000-4000-8000-00000000ffff").status_code == 404
