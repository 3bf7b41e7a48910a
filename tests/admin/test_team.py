"""Who runs the firm sees its people, and changes what the role may change."""

import html
import re
import secrets
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from admin.reasons import KEYS
from tests.admin.firm import Colleague, Firm, Role
from tests.admin.process import Admin, Reader, hidden, words


@pytest.fixture
def chief(reader: Reader, firm: Firm) -> Reader:
    return reader.as_person(firm.hire("admin", "Глеб Главный"))


@pytest.fixture
def manager(admin: Admin, firm: Firm) -> Iterator[Reader]:
    with Reader(admin) as made:
        yield made.as_person(firm.hire("manager", "Марина Менеджер"))


def send(reader: Reader, path: str, **fields: str) -> httpx.Response:
    token = hidden(reader.get("/requests"), "_csrf_token")
    return reader.post(path, data={**fields, "_csrf_token": token})


def send_list(reader: Reader, text: str = "", step: str = "check", file: bytes | None = None) -> httpx.Response:
    fields = {
        "list": text,
        "step": step,
        "role": "accountant",
        "_csrf_token": hidden(reader.get("/team"), "_csrf_token"),
    }
    files: dict[str, Any] = {"file": ("people.csv", file if file is not None else b"", "text/csv")}
    return reader.post("/team/invitations/list", data=fields, files=files)


def address() -> str:
    return f"{uuid4()}@buhbot.test"


def card(reader: Reader, person: Colleague) -> str:
    """What the page says and offers of one person, who may be far down the list."""
    page = reader.get("/team", params={"q": person.email}).text
    return page.partition(f'id="member-{person.id}"')[2].partition("</li>")[0]


@pytest.mark.parametrize(
    ("role", "beyond"),
    [
        ("admin", {"Команда", "Задания", "Опросы", "Настройки", "Журнал", "Ошибки", "Система"}),
        ("manager", {"Команда", "Задания", "Опросы"}),
        ("accountant", set()),
        ("observer", set()),
    ],
)
def test_the_menu_leads_where_the_role_may_go(reader: Reader, firm: Firm, role: Role, beyond: set[str]) -> None:
    page = reader.as_person(firm.hire(role)).get("/requests")
    menu = page.text.partition("<nav")[2].partition("</nav>")[0]
    places = {"Сегодня", "Ожидают ответа", "Оповещения", "Чаты", "Клиенты", "Итоги", "Помощь"}
    places |= {"Графики", "Политики", "Шаблоны", "Частые вопросы", "Оценки клиентов"}
    assert set(re.findall(r"<li><a [^>]*>([^<]+)</a>", menu)) == places | beyond


@pytest.mark.parametrize("role", ["accountant", "observer"])
def test_who_runs_nobody_is_refused_everywhere(reader: Reader, firm: Firm, role: Role) -> None:
    colleague = firm.hire("observer")
    reader.as_person(firm.hire(role))
    answers = [
        reader.get("/team"),
        reader.get("/team/invitations/list"),
        send(reader, "/team/invitations", email=address(), full_name="Кто-то", role="admin"),
        send(reader, f"/team/invitations/{uuid4()}/revoke"),
        send(reader, f"/team/{colleague.id}/role", role="admin"),
        send(reader, f"/team/{colleague.id}/active", active="no"),
        send(reader, f"/team/{colleague.id}/telegram/unlink"),
    ]
    assert {answer.status_code for answer in answers} == {403}
    assert all("Недостаточно прав" in words(answer) for answer in answers)
    assert firm.role_of(colleague) == ("observer", True)


def test_a_large_team_comes_page_by_page(chief: Reader, firm: Firm) -> None:
    number = secrets.token_hex(4)
    firm.run(
        "insert into public.users (id, email, role, full_name)"
        " select gen_random_uuid(), %s || i || '@buhbot.test', 'accountant', 'Из многих ' || i"
        " from generate_series(1, 60) as i",
        number,
    )
    first = chief.get("/team", params={"q": number})
    assert "60 сотрудников" in words(first)
    (more,) = re.findall(r'href="(/team\?[^"]+)" rel="next"', first.text)
    second = chief.get(html.unescape(more))
    shown = [re.findall(r'id="member-([\w-]+)"', page.text) for page in (first, second)]
    assert [len(page) for page in shown] == [50, 10]
    assert not {*shown[0]} & {*shown[1]}
    assert "Никого не нашли" in words(chief.get("/team", params={"q": f"{number} никто"}))


def pressed(page: httpx.Response, verb: str) -> str:
    """Where the first form of a page that does this is sent."""
    return html.unescape(re.findall(rf'action="(/team/[\w-]+/{verb}[^"]*)"', page.text)[0])


def test_what_is_done_on_a_page_of_the_team_leads_back_to_it(chief: Reader, firm: Firm) -> None:
    number = secrets.token_hex(4)
    firm.run(
        "insert into public.users (id, email, role, full_name)"
        " select gen_random_uuid(), %s || i || '@buhbot.test', 'accountant', 'Из дальних ' || i"
        " from generate_series(1, 55) as i",
        number,
    )
    first = chief.get("/team", params={"q": number})
    (more,) = re.findall(r'href="(/team\?[^"]+)" rel="next"', first.text)
    there = html.unescape(more)
    for verb, fields in (("active", {"active": "no"}), ("role", {"role": "observer"})):
        assert send(chief, pressed(chief.get(there), verb), **fields).headers["location"] == there
    refused = send(chief, pressed(chief.get(there), "role"), role="emperor")
    assert (refused.status_code, refused.text.count('id="member-')) == (409, 5)
    invitation = f"/team/invitations?{there.partition('?')[2]}"
    invited = send(chief, invitation, email=address(), full_name="Кто-то", role="observer")
    assert invited.headers["location"] == f"{there}#invitations"


def test_a_manager_sees_people_and_may_not_change_them(manager: Reader, firm: Firm) -> None:
    colleague = firm.hire("accountant", "Ольга Цветкова")
    assert "Ольга Цветкова" in card(manager, colleague)
    assert "Изменить" not in words(manager.get("/team"))
    for path, fields in (
        ("role", {"role": "admin"}),
        ("active", {"active": "no"}),
        ("telegram/unlink", {}),
    ):
        refused = send(manager, f"/team/{colleague.id}/{path}", **fields)
        assert (refused.status_code, "Недостаточно прав" in words(refused)) == (403, True)
    assert firm.role_of(colleague) == ("accountant", True)


def test_an_admin_gives_another_role(chief: Reader, firm: Firm) -> None:
    colleague = firm.hire("accountant")
    done = send(chief, f"/team/{colleague.id}/role", role="manager")
    assert "Роль изменена" in words(chief.get(done.headers["location"]))
    assert firm.role_of(colleague) == ("manager", True)


def test_b7_whoever_is_deactivated_is_out_at_the_next_click(admin: Admin, chief: Reader, firm: Firm) -> None:
    colleague = firm.hire("accountant")
    with Reader(admin) as dismissed:
        dismissed.as_person(colleague)
        assert dismissed.get("/requests").status_code == 200
        send(chief, f"/team/{colleague.id}/active", active="no")
        out = dismissed.get("/requests")
        assert (out.status_code, "reason=deactivated" in out.headers["location"]) == (303, True)
        assert "доступ отключён" in card(chief, colleague)
        send(chief, f"/team/{colleague.id}/active", active="yes")
        assert dismissed.sign_in(colleague.email, colleague.password).status_code == 303


def test_whoever_gets_another_role_signs_in_again_and_whoever_keeps_it_does_not(
    admin: Admin, chief: Reader, firm: Firm
) -> None:
    colleague = firm.hire("accountant")
    with Reader(admin) as changed:
        changed.as_person(colleague)
        send(chief, f"/team/{colleague.id}/role", role="accountant")
        assert changed.get("/requests").status_code == 200
        send(chief, f"/team/{colleague.id}/role", role="manager")
        out = changed.get("/requests")
        assert "Ваша роль изменилась" in words(changed.get(out.headers["location"]))
        changed.as_person(colleague)
        assert changed.get("/team").status_code == 200


def test_an_admin_unties_a_telegram_account(chief: Reader, firm: Firm) -> None:
    colleague = firm.hire("accountant")
    firm.run("update public.users set telegram_id = %s where id = %s", colleague.id.int % 10**12, colleague.id)
    assert "Telegram привязан" in card(chief, colleague)
    send(chief, f"/team/{colleague.id}/telegram/unlink")
    assert "Telegram не привязан" in card(chief, colleague)


def test_i9_asked_again_the_link_is_the_same(chief: Reader, firm: Firm) -> None:
    email = address()
    links = set()
    for _ in range(2):
        done = send(chief, "/team/invitations", email=email, full_name="Светлана Белова", role="accountant")
        assert done.status_code == 303
        links.add(firm.link_of(email))
    assert len(links) == 1
    assert f"/invite/{links.pop()}" in chief.get("/team").text


def test_what_was_typed_wrong_is_said_and_still_there(chief: Reader, firm: Firm) -> None:
    taken = firm.hire("observer")
    refused = send(chief, "/team/invitations", email=taken.email, full_name="Ещё Раз", role="accountant")
    assert (refused.status_code, "Такой сотрудник уже есть" in words(refused)) == (422, True)
    assert 'value="Ещё Раз"' in refused.text


def test_a_manager_invites_no_admin_and_sees_own_invitations_only(manager: Reader, chief: Reader, firm: Firm) -> None:
    foreign, own = address(), address()
    send(chief, "/team/invitations", email=foreign, full_name="Чужое Приглашение", role="accountant")
    refused = send(manager, "/team/invitations", email=own, full_name="Светлана", role="admin")
    assert "Эту роль может дать только администратор" in words(refused)
    assert send(manager, "/team/invitations", email=own, full_name="Светлана", role="accountant").status_code == 303
    page = manager.get("/team").text
    assert (own in page, foreign in page) == (True, False)
    refused = send(manager, f"/team/invitations/{firm.invitation_of(foreign)}/revoke")
    assert (refused.status_code, firm.link_of(foreign) is not None) == (409, True)


def test_a_revoked_invitation_leaves_the_page_and_its_link_opens_nothing(chief: Reader, firm: Firm) -> None:
    email = address()
    send(chief, "/team/invitations", email=email, full_name="Светлана Белова", role="accountant")
    link = firm.link_of(email)
    done = send(chief, f"/team/invitations/{firm.invitation_of(email)}/revoke")
    page = chief.get(done.headers["location"])
    assert "Приглашение отозвано" in words(page)
    assert email not in page.text
    assert chief.get(f"/invite/{link}").status_code == 410


def test_a_list_is_checked_first_and_invites_nobody(chief: Reader, firm: Firm) -> None:
    email = address()
    checked = send_list(chief, f"Почта;ФИО;Роль\n{email};Ольга Новая;бухгалтер")
    assert (checked.status_code, "Ошибок нет" in words(checked)) == (200, True)
    assert firm.invitation_of(email) is None
    done = send_list(chief, hidden_list(checked), "invite")
    assert done.headers["location"] == "/team#invitations"
    assert firm.invitation_of(email)


def hidden_list(page: httpx.Response) -> str:
    return page.text.partition("<textarea")[2].partition(">")[2].partition("</textarea>")[0]


def test_a_list_with_a_wrong_row_says_which_and_invites_nobody(chief: Reader, firm: Firm) -> None:
    email = address()
    refused = send_list(chief, f"{email};Ольга Новая\nплохая почта;Кто-то;бухгалтер\n{email};Дважды", "invite")
    assert (refused.status_code, "2 строки с ошибкой" in words(refused)) == (422, True)
    assert "Почта написана с ошибкой" in words(refused) and "уже есть в списке" in words(refused)
    assert firm.invitation_of(email) is None


def test_a_file_of_russian_excel_is_read(chief: Reader) -> None:
    email = address()
    file = f"Почта;ФИО;Роль;Telegram\r\n{email};Ольга Новая;Наблюдатель;@olga_new\r\n".encode("cp1251")
    checked = send_list(chief, file=file)
    assert "Ольга Новая" in words(checked) and "наблюдатель" in words(checked) and "Ошибок нет" in words(checked)


def test_an_empty_list_is_said(chief: Reader) -> None:
    refused = send_list(chief, " \n ;; \n")
    assert (refused.status_code, "Вставьте хотя бы одну строку" in words(refused)) == (422, True)


def test_names_are_shown_and_not_run(chief: Reader) -> None:
    evil = "<script>alert(1)</script>"
    send(chief, "/team/invitations", email=address(), full_name=evil, role="observer")
    assert evil not in chief.get("/team").text
    assert evil not in send_list(chief, f"x@y.test;{evil}").text


def test_a_link_to_the_bot_is_given_and_is_the_same_when_asked_again(reader: Reader, firm: Firm) -> None:
    firm.run("update public.settings set bot_username = coalesce(bot_username, 'buhbot_bot')")
    reader.as_person(firm.hire("accountant"))
    assert "Не привязан" in words(reader.get("/profile/telegram"))
    first, second = send(reader, "/profile/telegram"), send(reader, "/profile/telegram")
    link = first.text.partition("https://t.me/")[2].partition('"')[0]
    assert "?start=verify_" in link
    assert 'src="data:image/svg+xml' in first.text
    assert link in second.text


def test_people_untie_their_own_account(reader: Reader, firm: Firm) -> None:
    person = firm.hire("accountant")
    firm.run("update public.users set telegram_id = %s where id = %s", person.id.int % 10**12, person.id)
    reader.as_person(person)
    assert "Привязан" in words(reader.get("/profile/telegram"))
    refused = send(reader, "/profile/telegram")
    assert (refused.status_code, "сначала отвяжите" in words(refused)) == (409, True)
    assert "Не привязан" in words(reader.get(send(reader, "/profile/telegram/unlink").headers["location"]))


def test_every_refusal_of_these_actions_has_words() -> None:
    said = "not_allowed unknown_person role_is_unknown last_admin invitation_unknown invitation_used"
    assert set(said.split()) <= KEYS.keys()
