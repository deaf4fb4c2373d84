"""System.Security.Cryptography: hashes, HMAC, block ciphers, RSA, certificates.

Hashes come from the standard library; everything else from the `cryptography` package, imported when first used.
"""
