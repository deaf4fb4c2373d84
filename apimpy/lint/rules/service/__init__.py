"""Rules about what Azure refuses or changes when the document is saved."""
