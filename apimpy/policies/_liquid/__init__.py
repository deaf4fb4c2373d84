"""Liquid templates as `set-body` has them: DotLiquid in its C# naming, on the parser of python-liquid.

    {{ body.customer.name | Upcase }}  {% JSONArrayFor o in body.orders %}"{{ o.id }}"{% endJSONArrayFor %}

`source` finds the template in its element, `engine` parses and renders, `filters` and `values` hold what differs from
the language of Shopify, `inputs` makes `body` and `context`.  Only a template that occurs imports any of it.
"""
