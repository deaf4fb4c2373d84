"""Rules about what does not run on every gateway, or will not run for ever."""
