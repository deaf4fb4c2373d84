"""The vocabulary of execution: exchanges, messages, bodies, ports, faults.  No I/O, no aiohttp, no redis."""
