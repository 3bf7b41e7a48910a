-- What was a resolver still is one.
set lock_timeout = '5s';

alter table public.ladder_steps validate constraint recipients_are_known;
