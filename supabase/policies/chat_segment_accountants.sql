-- Who shares the chats of a segment: for whom the segment is. Who is in it is added and removed, not changed.
--
--              | select            | insert       | update | delete
-- admin        | all               | all          | –      | all
-- manager      | own and team      | own and team | –      | own and team
-- accountant   | –                 | –            | –      | –
-- observer     | –                 | –            | –      | –
-- service role | all               | yes          | yes    | yes
-- anon         | –                 | –            | –      | –

select private.drop_policies('public.chat_segment_accountants');

create policy "admins read all accountants of segments" on public.chat_segment_accountants
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add accountants of segments" on public.chat_segment_accountants
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins remove accountants of segments" on public.chat_segment_accountants
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the accountants of segments of their team" on public.chat_segment_accountants
for select
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers add accountants of segments of their team" on public.chat_segment_accountants
for insert
to authenticated
with check ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers remove accountants of segments of their team" on public.chat_segment_accountants
for delete
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));
