"""The store ports on a Redis: what several processes share.

`connection` sends commands and knows whether the server answers, `scripts` holds one Lua script for each verb (`lua/`),
`keys` says what a key looks like, `later` brings what must not be lost.  The other modules are one port each.
Nothing here is imported unless a gateway was told of a Redis.
"""
