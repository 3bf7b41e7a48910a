-- What accountants and observers may know of surveys that have ended. Written as a survey ends, and never again.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | –      | –      | –
-- anon         | –                 | –      | –      | –
--
-- People read it in api.feedback_summary, and nothing else.

select private.drop_policies('public.published_groups');
