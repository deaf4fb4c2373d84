"""Policy documents as a tree in which every name, value and expression knows its place in the file."""
