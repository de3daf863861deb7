ALTER TABLE answers
  ADD COLUMN IF NOT EXISTS alert_id UUID DEFAULT JSONExtract(_value, 'Tuple(alert_id UUID)').alert_id COMMENT 'Alert answered at the live page; zeros for an answer to a notification',
  ADD COLUMN IF NOT EXISTS answer_id UUID DEFAULT JSONExtract(_value, 'Tuple(answer_id UUID)').answer_id COMMENT 'Identity of an answer by a form; zeros for one by a command',
  ADD COLUMN IF NOT EXISTS undoes UUID DEFAULT JSONExtract(_value, 'Tuple(undoes UUID)').undoes COMMENT 'Answer that counts no longer: its answer_id; zeros when it undoes none',
  COMMENT COLUMN subscription 'Who answers: a subscription, or the short name of a person at the live page',
  COMMENT COLUMN kind 'acknowledge, mute, verdict, note, snooze, undo or test',
  COMMENT COLUMN until 'End of a mute or snooze',
  MODIFY COMMENT 'Answers to notifications and alerts: acknowledged, muted, judged, noted, snoozed, undone'
