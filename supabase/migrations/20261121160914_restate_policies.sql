-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: sign_in_log.sql
-- What became of each sign-in and password. Nobody changes an entry; after a year retention, or removing the person, does.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own entries       | –      | –      | –
-- accountant   | own entries       | –      | –      | –
-- observer     | own entries       | –      | –      | –
-- service role | all               | yes    | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.sign_in_log');

create policy "admins read every sign-in" on public.sign_in_log
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "people of the firm read their own sign-ins" on public.sign_in_log
for select
to authenticated
using ((select private.role()) is not null and user_id = (select auth.uid()));
-- end of portrait: sign_in_log.sql
