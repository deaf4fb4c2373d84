"""Backends: what they are, when they are let alone, and which member of a pool is next.

Entities (`entity`) are frozen and come with a configuration; what has been learned about them (`breaker`, `balancer`)
lives in a `registry.Backends` that survives reloads.  Nothing here sends: `policies._upstream` does, and reports back.
"""
