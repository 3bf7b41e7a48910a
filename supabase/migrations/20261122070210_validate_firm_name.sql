-- The firm's name is written, in every row there is: the one.
set lock_timeout = '5s';

alter table public.settings validate constraint firm_name_is_written;
