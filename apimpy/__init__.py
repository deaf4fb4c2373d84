"""apimpy: Azure API Management policies, run anywhere."""

__version__ = "0.1.0"
