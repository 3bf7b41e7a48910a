"""A Telegram for one machine: the Bot API, the people in the chats, and a page on which to play them."""
