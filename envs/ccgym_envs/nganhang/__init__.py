"""The domain NganHang: customer care of a bank in Vietnamese; data, and the programs that make it."""
