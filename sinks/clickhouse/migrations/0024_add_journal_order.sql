ALTER TABLE journal
  ADD COLUMN IF NOT EXISTS sender_order String COMMENT 'By what the sender orders its messages: revision 12, reported_at … or edition …; empty when it gave nothing'
