"""What an operator sees: metrics and the access log.  Nothing here may slow a request down or reveal a secret."""
