"""The expression language: C# 7 as policies use it.  Knows no API Management and no HTTP.

text → lexer → classify → LALR tables (grammar/csharp.lark) → nodes → binder → bound tree → lower → emit → function
"""
