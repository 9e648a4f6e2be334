"""Faults at the customer's side of a mobile line, in English and Vietnamese."""
