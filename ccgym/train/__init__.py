"""Training: an SFT warm start, then GRPO, then evaluation. Importing this package imports neither torch nor TRL."""
