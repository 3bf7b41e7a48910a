"""Answers to frequent questions."""

from bot.messages import faq_answer
from bot.messages.faq_answer import Offer
from tests.bot.snapshot import Messages
from tests.bot.told import BUTTONS, ROW

OFFER = Offer(faq_answer=ROW, answer="The rate is 22 %.\n<See> & ask.")

MESSAGES: Messages = {
    "an answer": lambda: (faq_answer.offer(OFFER), faq_answer.keyboard(OFFER, BUTTONS)),
    "it helped": lambda: faq_answer.judged("helped"),
    "it helped, and more was asked": lambda: faq_answer.judged("waits"),
    "it did not help": lambda: faq_answer.judged("not_helped"),
}
