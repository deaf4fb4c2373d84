"""`apimpy embeddings`: an embeddings endpoint with a model of its own, for the semantic cache without a cloud.

It is a backend like any other, in a process of its own: a model computes for milliseconds and holds half a gigabyte,
and neither belongs beside the event loop of a gateway.  `service` speaks OpenAI's API over a `model`; `answer` is the
shape of what it says, which the mock says as well.  It is no model server: one model, on the CPU, one request after
another.
"""
