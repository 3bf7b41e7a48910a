-- What supabase/policies says by now; written by `make policies`.
set lock_timeout = '5s';

-- portrait: error_groups.sql
-- Faults by kind and place. Written by api.note_errors and api.resolve_error alone.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | –                 | –      | –      | –
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.error_groups');

create policy "admins read every kind of fault" on public.error_groups
for select
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: error_groups.sql

-- portrait: process_reports.sql
-- What the processes say of themselves.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.process_reports');

create policy "admins read what the processes say" on public.process_reports
for select
to authenticated
using ((select private.role()) = 'admin');
-- end of portrait: process_reports.sql

-- portrait: tasks.sql
-- Long work by people: each finds the own again, admins all. Written through functions only.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | own               | –      | –      | –
-- accountant   | own               | –      | –      | –
-- observer     | own               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.tasks');

create policy "admins read every task" on public.tasks
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "people read their own tasks" on public.tasks
for select
to authenticated
using ((select private.role()) is not null and created_by = (select auth.uid()));
-- end of portrait: tasks.sql
