"""Serves the page behind the link of a mail or webhook, and writes its answers to ``answers.v1``. Without script and login."""
