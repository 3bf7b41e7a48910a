-- Low ratings and what became of them, with names: for those who run the firm. Written through functions only.
--
--              | select            | insert | update | delete
-- admin        | –                 | –      | –      | –
-- manager      | –                 | –      | –      | –
-- accountant   | –                 | –      | –      | –
-- observer     | –                 | –      | –      | –
-- service role | all               | yes    | yes    | –
-- anon         | –                 | –      | –      | –
--
-- People read them in api.find_cases, and nothing else: with an own right to look, the planner's guesses would tell everybody of them.

select private.drop_policies('public.feedback_cases');
