-- Invitations. Written by functions of schema api only: who may invite whom is said there.
--
--              | select             | insert | update | delete
-- admin        | all                | –      | –      | –
-- manager      | own, into own team | –      | –      | –
-- accountant   | –                  | –      | –      | –
-- observer     | –                  | –      | –      | –
-- service role | all                | yes    | yes    | yes
-- anon         | –                  | –      | –      | –

select private.drop_policies('public.staff_invitations');

create policy "admins read every invitation" on public.staff_invitations
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read their own invitations and those into their team" on public.staff_invitations
for select
to authenticated
using ((select private.role()) = 'manager' and (select auth.uid()) in (invited_by, manager_id));
