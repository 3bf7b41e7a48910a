-- Who is away and who stands in. Everybody of the firm reads it, for alerts go to substitutes.
--
--              | select            | insert | update | delete
-- admin        | all               | –      | –      | –
-- manager      | all               | –      | –      | –
-- accountant   | all               | –      | –      | –
-- observer     | all               | –      | –      | –
-- service role | all               | yes    | yes    | yes
-- anon         | –                 | –      | –      | –

select private.drop_policies('public.absences');

create policy "people of the firm read who is away" on public.absences
for select
to authenticated
using ((select private.role()) is not null);
