"""The rules: a folder for every category, a file for every rule.  See `apimpy.lint.rule`."""
