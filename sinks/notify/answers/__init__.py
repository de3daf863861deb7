"""What the link of a mail or webhook opens: the page of a notification, which takes the answer to ``answers.v1``. No script, no login."""
