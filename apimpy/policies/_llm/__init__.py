"""What the token policies share: which call this is, what it costs, and what the response says it cost."""
