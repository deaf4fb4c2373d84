"""The gateway: HTTP in, policies, HTTP out.  `app` needs no socket; `server` is aiohttp's, `client`
is our own."""
