ALTER TABLE delivery_log
  COMMENT COLUMN reason 'alert, digest, warning, reminder, alive, weekly or test'
