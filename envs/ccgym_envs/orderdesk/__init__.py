"""The domain OrderDesk: data, and the programs that make it."""
