"""The types of `context`: interfaces in namespace Apim over the plain objects of `apimpy.runtime`.

C#'s `context` IS a `runtime.exchange.Exchange`, `context.Request` IS a `runtime.message.Request`, and so on; the
modules here declare which attribute a C# member reads and convert where the two worlds differ (views of headers, dates,
identifiers).  `Apim` is our own name for the namespace; expressions never write it.
"""
