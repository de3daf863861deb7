ALTER TABLE notifications
  COMMENT COLUMN reason 'alert, digest, warning, reminder, alive, weekly or test'
