"""Decides who may see what (share), and who is notified, when and in which words (notify). Pure."""
