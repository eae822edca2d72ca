"""Files that users attach to prompts."""
