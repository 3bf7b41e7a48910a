-- What the number of a window's messages counts, said where it is stored.
set lock_timeout = '5s';

comment on column public.client_requests.message_count is
  'Messages of clients in it, as Telegram numbers them: each part of an album is one, so that the figure is that of the rows behind it.';
