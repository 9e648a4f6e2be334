"""First-party rewards, registered through the same hook as anybody's."""
