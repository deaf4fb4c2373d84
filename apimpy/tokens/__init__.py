"""Counting tokens of text, without a network: vocabularies ship in the package.  No I/O besides reading them."""
