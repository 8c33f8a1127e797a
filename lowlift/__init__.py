"""lowlift: cool AI data centres with the least possible energy, water and carbon."""

__version__ = "0.1.0"
