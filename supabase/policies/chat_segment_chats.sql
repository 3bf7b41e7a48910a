-- Which chats are in a segment: for whom the segment is. What is in it is added and removed, not changed.
--
--              | select            | insert       | update | delete
-- admin        | all               | all          | –      | all
-- manager      | own and team      | own and team | –      | own and team
-- accountant   | –                 | –            | –      | –
-- observer     | –                 | –            | –      | –
-- service role | all               | yes          | yes    | yes
-- anon         | –                 | –            | –      | –

select private.drop_policies('public.chat_segment_chats');

create policy "admins read all chats of segments" on public.chat_segment_chats
for select
to authenticated
using ((select private.role()) = 'admin');

create policy "admins add chats of segments" on public.chat_segment_chats
for insert
to authenticated
with check ((select private.role()) = 'admin');

create policy "admins remove chats of segments" on public.chat_segment_chats
for delete
to authenticated
using ((select private.role()) = 'admin');

create policy "managers read the chats of segments of their team" on public.chat_segment_chats
for select
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers add chats of segments of their team" on public.chat_segment_chats
for insert
to authenticated
with check ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));

create policy "managers remove chats of segments of their team" on public.chat_segment_chats
for delete
to authenticated
using ((select private.role()) = 'manager' and segment_id in (select s.id from public.chat_segments as s));
