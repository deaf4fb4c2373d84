"""Rules about what fails or surprises when a request arrives."""
