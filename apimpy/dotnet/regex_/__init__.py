"""System.Text.RegularExpressions on top of the `regex` package."""
