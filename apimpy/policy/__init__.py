"""How policies are declared, bound to elements of a document, and made ready to run."""
