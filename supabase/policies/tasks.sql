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
