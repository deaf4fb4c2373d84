"""What keys in Redis look like: `apimpy:1:<kind>:{<group>}:<key>`.

Group and key are hashes: names come from requests, so they may be long, secret or hold braces.  What one script
touches has one group, and so lies on one node of a cluster.  Another layout of the data gets another number.
"""

from __future__ import annotations

from hashlib import blake2b

__all__ = ["NAMESPACE", "hashed", "redis_key"]

NAMESPACE = "apimpy:1"


def hashed(name: str) -> str:
    """32 hexadecimal digits for any C# string, lone surrogates included."""
    return blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def redis_key(namespace: str, kind: str, name: str, group: str = "") -> str:
    """The key of something of a kind; a thing without a group is one of its own.

    >>> redis_key("apimpy:1", "quota", "b", "a")
    'apimpy:1:quota:{27c35e6e9373877f29e562464e46497e}:96172b4c53372cd10faddc821bfe0318'
    """
    if not group:
        return f"{namespace}:{kind}:{{{hashed(name)}}}"
    return f"{namespace}:{kind}:{{{hashed(group)}}}:{hashed(name)}"


def group_of(key: str) -> str:
    """The group in a key: what decides where it lies.

    >>> group_of("apimpy:1:quota:{27c3}:8cb1")
    '27c3'
    """
    return key[key.index("{") + 1 : key.index("}")]
