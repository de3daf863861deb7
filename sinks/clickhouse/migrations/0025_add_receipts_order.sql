ALTER TABLE receipts
  ADD COLUMN IF NOT EXISTS sender_order String COMMENT 'By what the sender orders its messages: revision 12, reported_at … or edition …; empty when it gave nothing',
  COMMENT COLUMN detail 'Sentence that explains a rejection, or why a message is stale and what to do'
