"""Json.NET: `tree` is the model, `reader` and `writer` turn text into it and back, the rest declares it to C#.

from apimpy.dotnet.json_net.reader import parse_bytes, parse_text
parse_text('{"a": [1]}').compact()
"""
