"""What is derived from the declarations of the policies: `python -m apimpy.reference` writes it.

`describe` reads a declaration; `pages` makes the Markdown pages and the table of support, `schema` the XSD, `snippets`
those of editors; the JSON catalogue is the descriptions themselves.
"""
