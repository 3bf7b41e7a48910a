"""What a client's message is, by rules that are certain or silent; silence means it needs an answer (S2)."""

import re
from typing import Literal

Class = Literal["request", "gratitude"]

# Words that may make up a message which asks for nothing. One other word, or a question mark, and somebody waits.
_EMPTY_WORDS = frozenset(
    """
    спасибо спс благодарю благодарим большое огромное вам тебе за помощь все всё очень
    ок окей окк ok okay хорошо хорош ладно понял поняла поняли понятно принято приняла принял ясно ага да угу есть добро
    договорились получили получила получил отлично супер класс здорово прекрасно замечательно
    с новым годом праздником днём днем наступающим рождения поздравляю поздравляем взаимно и вас тебя
    thanks thank you very much a lot great perfect got it fine cool noted super happy new year
    """.split()
)  # fmt: skip
# Signs that acknowledge by themselves, and those that only accompany words. Any other sign may be a complaint.
_QUIET_SIGNS = frozenset("+👍👌🙏❤🤝🎉💐🌹😊🙂☺✅✔👏💪🥳😀😃😄😁")
_PUNCTUATION = frozenset(".,!:;()-–—\"'«»*️‍🏻🏼🏽🏾🏿")
_WORD = re.compile(r"\w+")


def classify(text: str | None) -> Class:
    """Return `gratitude` for thanks, acknowledgements and wishes without anything else, else `request`."""
    words = _WORD.findall((text or "").lower())
    if not _EMPTY_WORDS.issuperset(words):
        return "request"
    signs = set(_WORD.sub("", text or "")) - _PUNCTUATION - set(" \n\t")
    return "gratitude" if signs <= _QUIET_SIGNS and (words or signs) else "request"
