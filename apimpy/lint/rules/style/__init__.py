"""Rules about what is harder to read than it need be."""
