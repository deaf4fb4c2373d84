"""Checking documents without running them.  Imports neither aiohttp nor redis nor a tokenizer."""
