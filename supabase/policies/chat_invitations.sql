-- Links that connect a group. Managers see those that they or their team made, or that name an accountant of theirs.
--
--              | select            | insert       | update       | delete
-- admin        | all               | all          | all          | all
-- manager      | own and team      | own and team | own and team | own and team
-- accountant   | –                 | –            | –            | –
-- observer     | –                 | –            | –            | –
-- service role | all               | yes          | yes          | yes
-- anon         | –                 | –            | –            | –

select private.drop_policies('public.chat_invitations');

create policy "admins read every chat invitation" on public.chat_invitations
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add chat invitations" on public.chat_invitations
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins change chat invitations" on public.chat_invitations
for update
to authenticated
using ((select private.role()) = 'admin')
with check ((select private.role()) = 'admin');

create policy "admins delete chat invitations" on public.chat_invitations
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the chat invitations of their team" on public.chat_invitations
for select
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers add chat invitations of their team" on public.chat_invitations
for insert
to authenticated
with check ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers change chat invitations of their team" on public.chat_invitations
for update
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])))
with check ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));

create policy "managers delete chat invitations of their team" on public.chat_invitations
for delete
to authenticated
using ((select private.role()) = 'manager' and (created_by = any ((select private.team_ids())::uuid[]) or accountant_id = any ((select private.team_ids())::uuid[])));
