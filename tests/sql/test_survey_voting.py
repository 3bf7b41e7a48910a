"""Votes, comments and withdrawals: one live vote per person, survey and chat (H1, H4, H5, H11)."""

import threading
from collections.abc import Iterator
from uuid import UUID

import psycopg
import pytest

from tests.sql.firm import (
    ANNA,
    BORIS,
    LEBEDEVA,
    OLGA,
    ROMASHKA,
    VERA,
    Connection,
    Row,
    all_rows,
    edited,
    ingest,
    monday,
    one,
    replied,
    said,
    window,
    windows,
)
from tests.sql.surveys import act, comment, delivery, live, people, refused, send, signed_in, start, status, vote
from tests.stack import Stack

BOT = 777


@pytest.fixture
def survey(db: Connection) -> UUID:
    found = start(db)
    send(db, monday("10:00"))
    return found


@pytest.fixture
def asked(db: Connection, survey: UUID) -> Row:
    return delivery(db, survey, ROMASHKA)


def question(asked: Row) -> Row:
    """The survey's message, as a reply names it."""
    return {
        "message_id": asked["telegram_message_id"],
        "date": int(monday("10:00").timestamp()),
        "user_id": BOT,
        "chat_id": asked["chat_id"],
    }


def reply(asked: Row, who: int, minute: str, text: str) -> Row:
    return replied(who, question(asked), monday(minute), text, reply_to_is_bot=True)


def test_h1_changes_and_a_withdrawal_leave_one_live_vote_and_a_linear_history(
    db: Connection, survey: UUID, asked: Row
) -> None:
    presses: tuple[tuple[int, int | None], ...] = ((ANNA, 5), (BORIS, 2), (ANNA, 4), (BORIS, None))
    outcomes = [vote(db, asked, who, stars, monday("10:05")) for who, stars in presses]
    assert outcomes == ["voted", "voted", "changed", "withdrawn"]
    said_now = act(db, "survey_results", survey)["firm"]
    assert (said_now["average"], said_now["voters"], said_now["votes"]) == (4, 1, 1)
    history = all_rows(
        db,
        "select telegram_user_id, rating, created_at, superseded_at from public.feedback_responses"
        " order by telegram_user_id, created_at",
    )
    assert len(history) == 4
    for earlier, later in zip(history[::2], history[1::2], strict=True):
        assert earlier["superseded_at"] == later["created_at"] > earlier["created_at"]
        assert later["superseded_at"] is None


def test_a_press_twice_is_one_vote_and_nothing_is_withdrawn_twice(db: Connection, asked: Row) -> None:
    assert vote(db, asked, ANNA, None, monday("10:05")) == "nothing"
    assert [vote(db, asked, ANNA, 5, monday("10:05")) for _ in range(2)] == ["voted", "same"]
    assert [vote(db, asked, ANNA, None, monday("10:06")) for _ in range(2)] == ["withdrawn", "nothing"]
    assert one(db, "select count(*) from public.feedback_responses") == 2


def test_h11_staff_votes_are_refused_wherever_they_press(db: Connection, survey: UUID, asked: Row) -> None:
    for place in (ROMASHKA, OLGA):
        with refused(db, "staff_do_not_vote"):
            vote(db, asked, OLGA, 5, monday("10:05"), place)
    assert live(db, survey) == []


def test_h11_staff_who_have_linked_no_account_are_known_by_their_name_and_count_nowhere(
    db: Connection, survey: UUID, asked: Row
) -> None:
    people(db, ROMASHKA, ANNA, VERA)
    db.execute("update public.chat_members set telegram_username = 'Olga_P' where telegram_user_id = %s", [VERA])
    db.execute("update public.users set telegram_username = 'olga_p' where telegram_id = %s", [OLGA])
    # The name beats no id: here a client took it.
    assert vote(db, asked, VERA, 5, monday("10:05")) == "voted"
    vote(db, asked, VERA, None, monday("10:05"))
    db.execute("update public.users set telegram_id = null where telegram_id = %s", [OLGA])
    for place in (ROMASHKA, VERA):
        with refused(db, "staff_do_not_vote"):
            vote(db, asked, VERA, 5, monday("10:06"), place)
    assert one(db, "select people from private.asked_people(%s) where delivery_id = %s", survey, asked["id"]) == 1
    db.execute("update public.users set active = false where telegram_username = 'olga_p'")
    assert vote(db, asked, VERA, 5, monday("10:07")) == "voted"


def test_h11_staff_whom_the_chat_has_never_seen_are_known_by_the_name_they_bear(db: Connection, asked: Row) -> None:
    db.execute(
        "update public.users set telegram_id = null, telegram_username = 'olga_p' where telegram_id = %s", [OLGA]
    )
    with refused(db, "staff_do_not_vote"):
        vote(db, asked, OLGA, 5, monday("10:05"), username="Olga_P")
    assert vote(db, asked, BORIS, 5, monday("10:05"), username="Boris") == "voted"


def test_only_people_of_the_chat_vote_in_private(db: Connection, survey: UUID, asked: Row) -> None:
    people(db, ROMASHKA, ANNA)
    assert vote(db, asked, ANNA, 5, monday("10:05"), ANNA) == "voted"
    for where in (VERA, LEBEDEVA):
        with refused(db, "not_a_client"):
            vote(db, asked, VERA, 1, monday("10:05"), where)
    with refused(db, "survey_not_found"):
        vote(db, {**asked, "id": survey}, ANNA, 1, monday("10:05"))
    assert live(db, survey) == [(ANNA, 5, None)]


def test_h5_after_the_end_stars_are_refused(db: Connection, survey: UUID, asked: Row) -> None:
    vote(db, asked, ANNA, 5, monday("10:05"))
    act(db, "close_survey", survey, monday("10:10"))
    for stars in (1, None):
        with refused(db, "survey_is_over"):
            vote(db, asked, ANNA, stars, monday("10:11"))
    assert (status(db, survey), live(db, survey)) == ("closed", [(ANNA, 5, None)])


def test_h4_what_is_written_in_private_within_ten_minutes_is_a_comment(
    db: Connection, survey: UUID, asked: Row
) -> None:
    vote(db, asked, ANNA, 4, monday("10:05"))
    assert comment(db, BORIS, "Не то", monday("10:06")) == "nothing_awaited"
    assert comment(db, ANNA, "Быстрее бы", monday("10:14")) == "commented"
    assert comment(db, ANNA, "И вежливее", monday("10:20")) == "commented"
    assert live(db, survey) == [(ANNA, 4, "Быстрее бы\nИ вежливее")]
    # Ten minutes after the last word she is an ordinary client again.
    assert comment(db, ANNA, "Где акт?", monday("10:31")) == "nothing_awaited"
    vote(db, asked, ANNA, 5, monday("10:40"))
    assert live(db, survey) == [(ANNA, 5, "Быстрее бы\nИ вежливее")]
    vote(db, asked, ANNA, None, monday("10:41"))
    assert comment(db, ANNA, "Где акт?", monday("10:42")) == "nothing_awaited"


def test_h4_a_reply_to_the_question_is_a_comment_and_opens_no_window(db: Connection, survey: UUID, asked: Row) -> None:
    vote(db, asked, ANNA, 4, monday("10:05"))
    words = reply(asked, ANNA, "10:06", "Где же акты так долго?")
    assert ingest(db, words, reply(asked, ANNA, "10:07", "И счета")) == ["recorded", "recorded"]
    assert ingest(db, words) == ["duplicate"]
    assert windows(db) == []
    assert live(db, survey) == [(ANNA, 4, "Где же акты так долго?\nИ счета")]
    ingest(db, edited(words, monday("10:08"), "Где же акты?", "request"))
    assert windows(db) == []
    assert live(db, survey) == [(ANNA, 4, "Где же акты?\nИ счета")]
    # What is no reply to it is a question like any other.
    ingest(db, said(ANNA, monday("10:09")))
    assert window(db)["opened_at"] == monday("10:09")


def test_a_reply_waits_for_nobody_whoever_voted_and_after_the_end_is_a_question(
    db: Connection, survey: UUID, asked: Row
) -> None:
    """What becomes of a reply in the group tells nobody there who has voted."""
    ingest(db, reply(asked, BORIS, "10:06", "А где акт?"))
    vote(db, asked, ANNA, 5, monday("10:07"))
    ingest(db, reply(asked, ANNA, "10:08", "А где счёт?"))
    assert not windows(db)
    kinds = all_rows(db, "select distinct classification from public.chat_messages where user_id is not null")
    assert len(kinds) <= 1
    assert live(db, survey) == [(ANNA, 5, "А где счёт?")]
    act(db, "close_survey", survey, monday("10:09"))
    ingest(db, reply(asked, ANNA, "10:10", "Где акт?"))
    assert window(db)["opened_at"] == monday("10:10")
    assert live(db, survey) == [(ANNA, 5, "А где счёт?")]


def test_a_comment_that_cannot_be_kept_costs_no_message(db: Connection, survey: UUID, asked: Row) -> None:
    vote(db, asked, ANNA, 5, monday("10:07"))
    db.execute("update public.users set telegram_id = %s where telegram_id = %s", [ANNA, OLGA])
    assert (
        ingest(db, reply(asked, ANNA, "10:08", "Спасибо"), said(BORIS, monday("10:09"), "Где акт?")) == ["recorded"] * 2
    )
    assert live(db, survey) == [(ANNA, 5, None)]


def test_a_group_that_became_a_supergroup_votes_on(db: Connection, survey: UUID, asked: Row) -> None:
    new = -1001999999999
    db.execute("update public.chats set chat_id = %s, migrated_from = chat_id where chat_id = %s", [new, ROMASHKA])
    assert vote(db, asked, ANNA, 5, monday("10:05"), ROMASHKA) == "voted"
    assert vote(db, asked, BORIS, 4, monday("10:05"), new) == "voted"
    assert len(live(db, survey)) == 2


def test_a_menu_offers_the_question_that_may_be_answered(db: Connection, survey: UUID, asked: Row) -> None:
    people(db, ROMASHKA, ANNA)
    for place in (ROMASHKA, ANNA):
        assert offered(db, place, "10:05") == str(asked["id"])
    act(db, "close_survey", survey, monday("10:06"))
    with refused(db, "nothing_to_rate"):
        offered(db, ROMASHKA, "10:07")


def offered(db: Connection, place: int, at: str) -> str:
    with signed_in(db, "service_role"):
        facts: Row = one(db, "select api.offer_survey(%s, %s, %s)", ANNA, place, monday(at))
    return str(facts["delivery"])


@pytest.fixture
def committed(stack: Stack) -> Iterator[tuple[str, Row]]:
    """A survey under way, for several connections to see."""
    url = stack.env["DATABASE_URL"]
    with psycopg.connect(url) as db:
        survey = start(db)
        send(db, monday("10:00"))
        asked = delivery(db, survey, ROMASHKA)
        # By the jobs' clock it would be over.
        db.execute("update public.feedback_surveys set closes_at = now() + interval '1 day' where id = %s", [survey])
    yield url, asked
    with psycopg.connect(url) as db:
        db.execute("delete from public.feedback_cases where survey_id = %s", [survey])
        db.execute("delete from public.feedback_responses where survey_id = %s", [survey])
        db.execute("delete from public.survey_deliveries where survey_id = %s", [survey])
        db.execute("delete from public.outbox where kind in ('survey', 'low_rating')")
        db.execute("delete from public.feedback_surveys where id = %s", [survey])


def test_h1_presses_at_once_on_several_connections_are_one_live_vote(committed: tuple[str, Row]) -> None:
    url, asked = committed
    ready = threading.Barrier(8)

    def press(stars: int) -> None:
        with psycopg.connect(url, autocommit=True) as own:
            ready.wait(30)
            vote(own, asked, ANNA, stars, monday("10:05"))

    threads = [threading.Thread(target=press, args=[1 + n % 5]) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    with psycopg.connect(url) as db:
        history = all_rows(
            db,
            "select created_at, superseded_at from public.feedback_responses where survey_id = %s order by created_at",
            asked["survey_id"],
        )
    assert [row["superseded_at"] for row in history] == [*(row["created_at"] for row in history[1:]), None]
    assert 5 <= len(history) <= 8


def test_h5_a_vote_under_way_counts_and_the_survey_ends_after_it(committed: tuple[str, Row]) -> None:
    url, asked = committed
    with psycopg.connect(url) as voter, psycopg.connect(url) as manager:
        vote(voter, asked, ANNA, 5, monday("10:05"))
        manager.execute("set lock_timeout = '200ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable), manager.transaction():
            act(manager, "close_survey", asked["survey_id"], monday("10:06"))
        voter.commit()
        act(manager, "close_survey", asked["survey_id"], monday("10:06"))
        assert live(manager, asked["survey_id"]) == [(ANNA, 5, None)]
        manager.rollback()
