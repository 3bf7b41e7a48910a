"""`/surveys` and `/feedback` as each role reads them."""

import csv
import io
import re
from collections.abc import Iterator
from uuid import UUID

import httpx
import pytest

from infra.words import number, speaking
from tests.admin.firm import Chat, Colleague, Firm, Role
from tests.admin.process import Admin, Reader, hidden, words
from tests.admin.surveys import delivered, stored, voted
from tests.admin.workbooks import read_xlsx

FOR_MANAGERS = ("/surveys", "/surveys/new", "/surveys/range", "/feedback/votes", "/feedback/cases", "/feedback/export")


@pytest.fixture(scope="module")
def olga(firm: Firm) -> Colleague:
    return firm.hire("accountant", "Ольга Оценённая")


@pytest.fixture(scope="module")
def chat(firm: Firm, olga: Colleague) -> Chat:
    made = firm.connect_chat(olga, "ООО Довольные")
    firm.run(
        "insert into public.chat_members (chat_id, telegram_user_id, full_name) values (%s, 6999999999, 'Молчунья')",
        made.id,
    )
    firm.add_client("Довольные клиенты", made)
    return made


@pytest.fixture(scope="module")
def ended(firm: Firm, chat: Chat) -> UUID:
    """A survey that three people answered, and that is over."""
    survey = stored(firm, "active", ("2023-01-01", "2023-03-31"), "Зима 2023")
    delivered(firm, survey, chat)
    for name, rating, comment in (("Анна", 5, ""), ("Борис Тайный", 2, "=Долго ждём"), ("Клара", 4, "Спасибо вам")):
        voted(firm, survey, chat, name, rating, comment)
    firm.run("select private.end_survey(s, 'closed', now()) from public.feedback_surveys as s where s.id = %s", survey)
    return survey


@pytest.fixture(scope="module")
def small(firm: Firm, chat: Chat) -> UUID:
    """A survey that two people answered, and that is over."""
    survey = stored(firm, "active", ("2023-04-01", "2023-06-30"), "Весна 2023")
    delivered(firm, survey, chat)
    for name, rating in (("Анна", 5), ("Борис Тайный", 3)):
        voted(firm, survey, chat, name, rating)
    firm.run("select private.end_survey(s, 'closed', now()) from public.feedback_surveys as s where s.id = %s", survey)
    return survey


@pytest.fixture(scope="module")
def head(admin: Admin, firm: Firm) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield made.as_person(firm.hire("manager", "Пётр Главный"))


def send(reader: Reader, path: str, **fields: str) -> httpx.Response:
    return reader.post(path, data={**fields, "_csrf_token": hidden(reader.get("/requests"), "_csrf_token")})


def draft(reader: Reader, starts_on: str, ends_on: str, name: str = "Проба", **more: str) -> httpx.Response:
    return send(reader, "/surveys", name=name, starts_on=starts_on, ends_on=ends_on, **{"audience": "all", **more})


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_h10_others_read_groups_of_three_and_nothing_else(
    admin: Admin, firm: Firm, ended: UUID, small: UUID, role: Role
) -> None:
    """Names, comments and small groups are on no page and in no export of theirs; the figures of a large one are."""
    with Reader(admin) as reader:
        reader.as_person(firm.hire(role))
        for path in FOR_MANAGERS:
            assert reader.get(path).status_code == 403, path
        page = reader.get("/feedback", params={"survey": str(ended)})
        text = words(page)
        assert (
            "если её оценили хотя бы трое, оценки у них не одинаковые и кто-то из тех, кого спросили, промолчал" in text
        )
        assert "3,67" in text
        assert "Ольга Оценённая" in text
        assert not re.search("Борис|Анна|Клара|Долго|Спасибо", page.text)
        assert "/feedback/votes" not in page.text
        assert "/feedback/export" not in page.text
        assert "/surveys" not in page.text
        none = words(reader.get("/feedback", params={"survey": str(small), "by": "clients"}))
        assert "Итоги этого опроса не показываются" in none
        assert "Средняя оценка" not in none


def test_nobody_else_learns_of_a_survey_while_people_vote(
    admin: Admin, firm: Firm, ended: UUID, chat: Chat, head: Reader
) -> None:
    """Not even that it has figures: a difference between two looks would name whoever voted in between."""
    survey = stored(firm, "active", ("2023-07-01", "2023-09-30"), "Лето 2023")
    delivered(firm, survey, chat)
    for name in ("Анна", "Борис Тайный", "Клара"):
        voted(firm, survey, chat, name, 5)
    with Reader(admin) as reader:
        reader.as_person(firm.hire("observer"))
        assert reader.get("/feedback", params={"survey": str(survey)}).status_code == 404
        assert "Лето 2023" not in reader.get("/feedback").text
    assert "3 из 4" in words(head.get("/feedback", params={"survey": str(survey)}))


def test_h9_page_csv_excel_and_database_say_the_same(head: Reader, firm: Firm, ended: UUID) -> None:
    page = words(head.get("/feedback", params={"survey": str(ended)}))
    assert re.search(r"Средняя оценка 3,67 .*Довольны \(4 и 5\) 66,7 % .*NPS 0 .*Ответили 75 % 3 из 4", page)
    assert re.search(r"Низкие оценки, не решены 1", page)
    asked = {"survey": str(ended), "what": "accountants"}
    answer = head.get("/feedback/export", params={**asked, "format": "csv"})
    table = list(csv.reader(io.StringIO(answer.text.removeprefix("\ufeff"), newline=""), delimiter=";"))
    row = dict(zip(*table, strict=True))
    assert (row["Бухгалтеры"], row["Голосов"], row["Средняя оценка"], row["NPS"]) == (
        "Ольга Оценённая",
        "3",
        "3,67",
        "0",
    )
    (titles, cells) = read_xlsx(head.get("/feedback/export", params={**asked, "format": "xlsx"}).content)
    found = {title.value: cell and cell.value for title, cell in zip(titles, cells, strict=True) if title}
    assert (found["Голосов"], found["Средняя оценка"]) == ("3", "3.67")
    votes = head.get("/feedback/export", params={"survey": str(ended), "what": "votes"}).text
    assert "'=Долго ждём" in votes
    assert "Борис Тайный" in votes
    average = firm.row("select round(avg(rating), 2) from api.feedback_responses where survey_id = %s", ended)
    assert average
    assert str(average[0]) == "3.67"


def test_who_is_second_to_take_a_case_reads_who_has_it_and_takes_it_over_knowingly(
    admin: Admin, head: Reader, firm: Firm, ended: UUID
) -> None:
    row = firm.row("select id from public.feedback_cases where survey_id = %s", ended)
    assert row
    path = f"/feedback/cases/{row[0]}/take"
    assert send(head, path).status_code == 303
    with Reader(admin) as reader:
        other = firm.hire("manager", "Клавдия Вторая")
        reader.as_person(other)
        late = send(reader, path)
        assert (late.status_code, "Этой оценкой уже занимается Пётр Главный." in words(late)) == (409, True)
        assert "Забрать себе" in words(late)
        assert send(reader, path, instead_of=hidden(late, "instead_of")).status_code == 303
    assert firm.row("select owner_id from public.feedback_cases where id = %s", row[0]) == (other.id,)


@pytest.mark.parametrize(("language", "written"), [("ru", "−1\xa0233,3"), ("en", "−1,233.3")])
def test_a_figure_below_nothing_has_a_minus_and_no_hyphen(language: str, written: str) -> None:
    with speaking(language):
        assert number(-1233.3) == written


def test_votes_and_comments_are_found_by_what_is_asked(head: Reader, ended: UUID) -> None:
    def found(**asked: str) -> list[str]:
        page = head.get("/feedback/votes", params={"survey": str(ended), **asked})
        return re.findall(r'<h2 class="card-title">([^<]+)</h2>', page.text)

    assert sorted(found()) == ["Анна", "Борис Тайный", "Клара"]
    assert found(rating="2") == ["Борис Тайный"]
    assert sorted(found(commented="yes")) == ["Борис Тайный", "Клара"]
    assert found(commented="yes", q="СПАСИБО") == ["Клара"]
    assert found(commented="yes", most="3") == ["Борис Тайный"]
    assert found(commented="yes", q="нет такого") == []


def test_h7_a_range_is_refused_beside_its_field_and_names_the_other(head: Reader, firm: Firm, ended: UUID) -> None:
    before = firm.row("select count(*) from public.feedback_surveys")
    taken = draft(head, "2023-03-01", "2023-04-30", name="Моё название")
    assert taken.status_code == 422
    assert "Эти дни уже оценивает опрос" in words(taken)
    assert re.search("Зима 2023|Весна 2023", words(taken))
    assert 'value="Моё название"' in taken.text
    long = draft(head, "2019-04-02", "2019-07-01")
    assert (long.status_code, "не больше 90 дней" in words(long)) == (422, True)
    nobody = draft(head, "2019-04-02", "2019-04-03", audience="chats")
    assert (nobody.status_code, "Отметьте хотя бы один" in words(nobody)) == (422, True)
    backwards = draft(head, "2019-04-02", "")
    assert (backwards.status_code, "Укажите первый день" in words(backwards)) == (422, True)
    assert firm.row("select count(*) from public.feedback_surveys") == before
    said = head.get("/surveys/range", params={"starts_on": "2023-03-01", "ends_on": "2023-03-31"})
    assert "Зима 2023" in said.text
    free = head.get("/surveys/range", params={"starts_on": "2019-07-01", "ends_on": "2019-09-30"})
    assert "92 дня." in words(free)


def test_a_draft_is_previewed_scheduled_taken_back_and_deleted(head: Reader, firm: Firm, chat: Chat) -> None:
    firm.run("update public.chats set asked_for_ratings = false where chat_id = %s", chat.id)
    row = firm.row("select id from public.chats where chat_id = %s", chat.id)
    assert row
    made = draft(head, "2019-10-01", "2019-12-31", name="Осень 2019", audience="chats", chats=str(row[0]))
    path = made.headers["location"]
    page = head.get(path)
    assert "чат просил не спрашивать: 1" in words(page)
    # H8: nobody would get it.
    empty = send(head, f"{path}/start", begins="now")
    assert (empty.status_code, "Ни один чат сейчас опрос не получит" in words(empty)) == (409, True)
    firm.run("update public.chats set asked_for_ratings = true where chat_id = %s", chat.id)
    untold = send(head, f"{path}/start", begins="later", starts_at="")
    assert (untold.status_code, "Укажите день и час" in words(untold)) == (422, True)
    assert send(head, f"{path}/start", begins="later", starts_at="2090-01-01T10:00").status_code == 303
    assert "Запланирован" in words(head.get(path))
    for shown, is_old in (("scheduled", False), ("sending", True)):
        part = head.get(path, params={"shown": shown}, headers={"HX-Request": "true"})
        assert ("hx-retarget" in part.headers) is is_old, shown
        assert ("<h1" in part.text) is is_old, shown
    assert send(head, f"{path}/act", act="unschedule").status_code == 303
    assert "Черновик" in words(head.get(path))
    assert send(head, f"{path}/act", act="delete").headers["location"] == "/surveys"
    assert head.get(path).status_code == 404


def test_only_an_admin_changes_the_settings_of_surveys(admin: Admin, head: Reader, firm: Firm) -> None:
    assert head.get("/surveys/settings").status_code == 403
    with Reader(admin) as reader:
        reader.as_person(firm.hire("admin"))
        page = reader.get("/surveys/settings")
        fields = dict(re.findall(r'name="(\w+)" type="number"[^>]*? value="(\d*)"', page.text))
        assert fields["low_rating_threshold"] == "3"
        wrong = send(reader, "/surveys/settings", **{**fields, "survey_voting_days": "91"})
        assert (wrong.status_code, "Укажите от 1 до 90 дней" in words(wrong)) == (422, True)
        never = send(reader, "/surveys/settings", **{**fields, "survey_reminder_days": "", "survey_voting_days": "15"})
        assert never.status_code == 303
        assert firm.row("select survey_reminder_days, survey_voting_days from public.settings") == (None, 15)
        assert send(reader, "/surveys/settings", **fields).status_code == 303
        assert firm.row("select survey_reminder_days, survey_voting_days from public.settings") == (3, 14)
