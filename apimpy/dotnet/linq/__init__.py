"""System.Linq: the extension methods of sequences, one module per kind of operation, all declared on one type."""
