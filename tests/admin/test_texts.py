"""`/templates` and `/faq`: written by keepers, read by all, tried out before clients read them."""

import secrets

from tests.admin.firm import Firm
from tests.admin.process import Admin, Reader, hidden, words


def test_a_template_is_written_tried_and_put_away(admin: Admin, firm: Firm) -> None:
    title = f"Готов акт {secrets.token_hex(4)}"
    keeper = firm.hire("manager", "Мария Хранительница")
    firm.connect_chat(keeper)
    with Reader(admin) as reader:
        form = reader.as_person(keeper).get("/templates/new")
        typed = {"_csrf_token": hidden(form, "_csrf_token"), "category": "Акты", "title": title, "act": "save"}
        refused = reader.post("/templates/new", data={**typed, "content": "Здравствуйте, {{ имя }}"})
        assert refused.status_code == 422
        assert "незнакомая переменная" in words(refused)
        assert "{{ имя }}" in refused.text
        tried = reader.post("/templates/new", data={**typed, "content": "Чат {{ chat_title }}", "act": "try"})
        assert "Так это выглядит в чате" in words(tried)
        kept = reader.post("/templates/new", data={**typed, "content": "Чат {{ chat_title }}"}, follow_redirects=True)
        assert "Шаблон сохранён" in words(kept)
        found = reader.get("/templates", params={"q": title})
        address = found.text.partition('card-title" href="')[2].partition('"')[0]
        fields = {"_csrf_token": hidden(found, "_csrf_token"), "archived": "true"}
        put_away = reader.post(f"{address}/archive", data=fields, follow_redirects=True)
        assert "в архиве" in words(put_away)
        assert title not in reader.get("/templates", params={"q": title}).text.partition('<ul class="cards">')[2]
        assert title in words(reader.get("/templates", params={"archived": "true"}))
    with Reader(admin) as reader:
        page = reader.as_person(firm.hire("accountant")).get("/templates?archived=true")
        assert title in words(page)
        assert "Вернуть в работу" not in page.text
        assert reader.get("/templates/new").status_code == 403


def test_a_frequent_question_is_written_and_tried(reader: Reader, firm: Firm) -> None:
    mark = secrets.token_hex(4)
    form = reader.as_person(firm.hire("admin")).get("/faq/new")
    typed = {"_csrf_token": hidden(form, "_csrf_token"), "question": f"Где взять справку {mark}", "keywords": mark}
    refused = reader.post("/faq/new", data={**typed, "answer": " "})
    assert refused.status_code == 422
    assert "Напишите ответ" in words(refused)
    assert mark in refused.text
    kept = reader.post("/faq/new", data={**typed, "answer": "В личном кабинете"}, follow_redirects=True)
    assert "Вопрос сохранён" in words(kept)
    answered = words(reader.get("/faq", params={"words": f"Где взять справку {mark}?"}))
    assert f"На этот вопрос ответит: «Где взять справку {mark}»" in answered
    assert "Бот промолчит" in words(reader.get("/faq", params={"words": "Спасибо большое"}))
