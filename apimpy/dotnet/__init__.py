"""The slice of .NET that policy expressions may touch: one module per type or family, declared in C#, run in Python.

`universe()` gathers every declaration below this package; the binder reads types through it.
How to declare: `apimpy.dotnet.decl`.  How values look at run time: `apimpy.dotnet.values`.
"""
