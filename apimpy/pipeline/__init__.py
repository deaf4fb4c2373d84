"""From documents of several scopes to one program per operation, and running it."""
