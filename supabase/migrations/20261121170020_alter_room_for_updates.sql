-- Rows that are updated again and again keep their page, and so their index entries.
set lock_timeout = '5s';

-- A topic's row is updated with each message in it.
alter table public.chat_topics set (fillfactor = 50);
-- A window's with each question, at its answer, and at each alert.
alter table public.client_requests set (fillfactor = 75);
