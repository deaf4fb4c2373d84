"""Rules about policies in front of language models."""
