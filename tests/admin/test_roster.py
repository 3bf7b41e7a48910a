"""Lists of people as they are really written."""

import pytest

from admin.pages.team.roster import TEMPLATE, people_of
from admin.sheets import decoded, written

OLGA = {"email": "o@x.ru", "full_name": "Ольга Новая", "role": "observer"}


@pytest.mark.parametrize(
    "text",
    [
        "o@x.ru;Ольга Новая;наблюдатель",
        "o@x.ru,Ольга Новая,Наблюдатель",
        "o@x.ru\tОльга Новая\tobserver",
        "\n  \no@x.ru ; Ольга Новая ; наблюдатель ;;\n;;;\n",
        "ФИО;Роль;Почта\nОльга Новая;наблюдатель;o@x.ru",
        'Email,Name,Role\no@x.ru,"Ольга Новая",observer',
    ],
)
def test_a_row_is_read_however_it_is_separated(text: str) -> None:
    assert people_of(text, "accountant") == [OLGA]


def test_a_role_that_is_not_written_is_the_chosen_one() -> None:
    assert people_of("o@x.ru;Ольга Новая", "observer") == [OLGA]


def test_a_role_nobody_knows_is_left_to_the_database() -> None:
    assert people_of("o@x.ru;Ольга Новая;Директор", "observer")[0]["role"] == "директор"


def test_all_columns_have_their_place() -> None:
    (row,) = people_of("o@x.ru;Ольга;бухгалтер;@olga_buh;m@x.ru", "observer")
    assert (row["telegram_username"], row["manager"]) == ("@olga_buh", "m@x.ru")


@pytest.mark.parametrize("text", ["", "\n\n", ";;;\n , ", "\x00"])
def test_nothing_is_no_list(text: str) -> None:
    assert people_of(text, "accountant") == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1251", "utf-16"])
def test_a_file_is_read_in_the_encodings_of_excel(encoding: str) -> None:
    assert decoded("Почта;Имя".encode(encoding)) == "Почта;Имя"


def test_the_template_is_a_list_that_is_read_back() -> None:
    (row,) = people_of(decoded(written(TEMPLATE)), "observer")
    assert (row["email"], row["role"], row["manager"]) == ("olga@firma.ru", "accountant", "petr@firma.ru")
