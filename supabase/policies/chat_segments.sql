-- Segments of chats. Managers see what they or their team made.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.chat_segments');

create policy "admins read every segment" on public.chat_segments
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add segments" on public.chat_segments
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change segments" on public.chat_segments
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete segments" on public.chat_segments
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the segments of their team" on public.chat_segments
for select
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers add segments of their team" on public.chat_segments
for insert
to authenticated
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers change segments of their team" on public.chat_segments
for update
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]))
with check ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));

create policy "managers delete segments of their team" on public.chat_segments
for delete
to authenticated
using ((select private.role()) = 'manager' and created_by = any ((select private.team_ids())::uuid[]));
