"""The secrets of a model, for the mask of traces and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apimpy.runtime.masking import Mask

if TYPE_CHECKING:
    from collections.abc import Iterator

    from apimpy.configuration.model import GatewayFile, Secret

__all__ = ["mask_of"]


def mask_of(model: GatewayFile) -> Mask:
    """Hides secret named values, keys, credentials, and what comes in the key headers of the APIs."""
    names = {name for api in model.apis for name in (api.key_header, api.key_query)}
    for backend in model.backends:
        if backend.credentials is not None:
            names |= {name for name, _ in (*backend.credentials.headers, *backend.credentials.query)}
    return Mask((secret.text for secret in _secrets(model) if secret is not None), names)


def _secrets(model: GatewayFile) -> Iterator[Secret | None]:
    for value in model.named_values:
        if value.secret:
            yield value.value
    for subscription in model.subscriptions:
        yield subscription.primary
        yield subscription.secondary
    for backend in model.backends:
        if backend.credentials is not None:
            yield backend.credentials.parameter
            for _, secret in (*backend.credentials.headers, *backend.credentials.query):
                if "{{" not in secret.text:  # a secret behind a named value is hidden as what it is
                    yield secret
    if model.identity is not None:
        yield model.identity.token
    if model.otlp is not None:
        for _, secret in model.otlp.headers:
            yield secret
