"""Takes sheets over HTTPS: guesses a layout, looks, checks, sends, and keeps the history of what was sent. No upload is stored."""
