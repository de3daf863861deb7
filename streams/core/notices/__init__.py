"""Who may see what (share), and who is told of it, when and in which words (notify). Pure."""
