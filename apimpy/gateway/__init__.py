"""The gateway: HTTP in, policies, HTTP out.  `app` needs no socket; `server` and `transport` hold aiohttp."""
