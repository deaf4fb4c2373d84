"""JSON Web Tokens as the validation policies need them.

`parsing`: text to parts.  `keys`: what a signature is checked with.  `signatures`: the check.  `decryption`: encrypted
tokens.  `openid`: keys and issuers that identity providers publish.  `claims`: what a token says.  `elements`: the
child elements that the policies share.  `terms`: what one request asks.  `validation`: all of it in order.
"""
