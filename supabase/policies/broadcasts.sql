-- Announcements. Managers see what they or their team wrote.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.broadcasts');

create policy "admins read every broadcast" on public.broadcasts
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add broadcasts" on public.broadcasts
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change broadcasts" on public.broadcasts
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete broadcasts" on public.broadcasts
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the broadcasts of their team" on public.broadcasts
for select
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers add broadcasts of their team" on public.broadcasts
for insert
to authenticated
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers change broadcasts of their team" on public.broadcasts
for update
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]))
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers delete broadcasts of their team" on public.broadcasts
for delete
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));
