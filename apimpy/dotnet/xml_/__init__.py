"""LINQ to XML and a little System.Xml: `tree` is the model, `parse` and `write` turn text into it and back.

from apimpy.dotnet.xml_.parse import parse_document, parse_element
parse_element("<a><b/></a>").markup(indent=False)
"""
