"""Rules about what lets in more than it should, or gives away what it should not."""
