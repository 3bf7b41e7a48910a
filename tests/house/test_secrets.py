"""Nothing in git belongs to one machine or opens a door."""

import re
from collections.abc import Iterator

from tests.house.tree import LOCKS, Tree, keep, objections

MACHINE_PATH = re.compile(r"(?<![\w.$\-/}])/(?:home|Users|root|tmp|work)/[\w./-]+")

SECRETS = {
    "a private key": re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----|AGE-SECRET-KEY-1[0-9A-Z]{20}"),
    "a JSON web token": re.compile(r"\beyJ[\w-]{10,}"),
    "a Supabase secret key": re.compile(r"\bsb_secret_(?=\w*\d)\w{12,}"),
    "a Telegram bot token": re.compile(r"\b\d{8,10}:[\w-]{35}\b"),
    "an API key": re.compile(r"\b(?:sk-[\w-]{20,}|gh[pousr]_\w{30,}|AKIA[0-9A-Z]{16})"),
}


def machine_paths(tree: Tree) -> Iterator[str]:
    for file in tree.texts(but=LOCKS):
        for found in MACHINE_PATH.finditer(file.text):
            yield f"{file.at(found.start())} {found[0]}"


def secrets(tree: Tree) -> Iterator[str]:
    for file in tree.texts(but=LOCKS):
        for kind, pattern in SECRETS.items():
            for found in pattern.finditer(file.text):
                # The place, never the text: this line may be printed by CI.
                yield f"{file.at(found.start())} {kind}"


def test_no_file_names_a_folder_of_one_machine() -> None:
    keep(machine_paths, "Works on one machine only. Derive the path from the file's own place, or take a setting.")


def test_no_file_holds_a_secret() -> None:
    keep(secrets, "Git never forgets. Make keys at start-up (see `.local/env`) or in the test, and revoke this one.")


def test_the_patterns_bite() -> None:
    for folder in ("/ho" + "me/olga/buhbot", "/tm" + "p/x", "/wo" + "rk/main"):
        assert objections(machine_paths, {"a.md": f"cd {folder}\n"}) == [f"a.md:1 {folder}"]
        assert objections(machine_paths, {"uv.lock": folder}) == []
    assert not objections(machine_paths, {"a.md": "https://example.org/ho" + "me/page ./tm" + "p/x $DIR/wo" + "rk/x"})

    planted = {
        "a private key": "-----BEGIN RSA PRIVATE" + " KEY-----",
        "a JSON web token": "ey" + "JhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "a Supabase secret key": "sb_secret" + "_N7UND0UgjKTVK4Uodkm0Hg",
        "a Telegram bot token": "7012345678" + ":" + "AAF-x4bQ9z" * 3 + "abcde",
        "an API key": "sk-" + "or-v1-0123456789abcdef0123",
    }
    assert planted.keys() == SECRETS.keys()
    for kind, text in planted.items():
        assert objections(secrets, {"a.py": f"\nkey = '{text}'"}) == [f"a.py:2 {kind}"]
    assert not objections(secrets, {"a.py": "SB_PREFIX = 'sb_secret_'; token = '123456:local'"})
