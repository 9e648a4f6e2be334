"""The domain Retail: data, and the programs that make it."""
