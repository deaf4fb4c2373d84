"""The expressions that are measured, and the exchange they read.

Each is of a kind that policies are full of: kinds and shapes follow how often they occur, the texts are our own.
`handwritten.py` has a function for each, under the same name.
"""

from __future__ import annotations

import base64
import json
from typing import Any

__all__ = ["CASES", "FIXTURE"]


def _part(data: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(data).encode()).decode().rstrip("=")


_TOKEN = ".".join(
    (
        _part({"alg": "RS256", "typ": "JWT", "kid": "k1"}),
        _part(
            {
                "iss": "https://login.example.org/t1",
                "aud": "api://orders",
                "sub": "s-4711",
                "exp": 1893456000,
                "oid": "2f1c3a52-5a0f-4f0e-9d5c-0a9a6b1c2d3e",
                "roles": ["reader", "writer"],
                "scp": "orders.read orders.write",
            }
        ),
        "c2lnbmF0dXJl",
    )
)
_CHAT = {
    "model": "gpt-4o-mini",
    "stream": True,
    "max_tokens": 256,
    "messages": [
        {"role": "system", "content": "You answer briefly."},
        {"role": "user", "content": "How many moons has Mars, and what are they called?"},
    ],
}
_POOL = [
    {"name": "sweden", "url": "https://se.backends.example.net", "weight": 10, "throttled": True},
    {"name": "france", "url": "https://fr.backends.example.net", "weight": 30, "throttled": False},
    {"name": "norway", "url": "https://no.backends.example.net", "weight": 60, "throttled": False},
]

FIXTURE: dict[str, Any] = {
    "requestId": "7d9f1d5e-3c3b-4a55-9a34-1f0e6d1c2b3a",
    "timestamp": "2024-05-06T07:08:09.1234567Z",
    "elapsedMs": 180,
    "request": {
        "method": "POST",
        "url": "https://gw.example.org/shop/v1/orders/42/?api-version=2024-06-01&page=3&tag=new",
        "originalUrl": "https://gw.example.org/shop/v1/orders/42/?api-version=2024-06-01&page=3&tag=new",
        "ipAddress": "203.0.113.9",
        "matchedParameters": {"orderId": "42", "model": "gpt-4o-mini"},
        "headers": {
            "Host": "gw.example.org",
            "Accept": ["application/json", "text/plain"],
            "Authorization": "Bearer " + _TOKEN,
            "Content-Type": "application/json; charset=utf-8",
            "Cookie": "theme=dark; sid=0123456789abcdef; lang=en",
            "User-Agent": "shop/3.1",
            "X-Attempt": "3",
            "X-Channel": "web",
            "X-Forwarded-For": "198.51.100.7, 203.0.113.9",
            "X-Key": "f3a9c2e47b1d4c0e9a8b7c6d5e4f3a2b",
        },
        "body": json.dumps(_CHAT),
    },
    "response": {
        "statusCode": 429,
        "headers": {"Retry-After": "7", "Content-Type": "application/json"},
        "body": json.dumps({"error": {"code": "busy", "message": "Too many calls"}}),
    },
    "api": {"id": "orders", "name": "Orders", "path": "shop", "revision": "4", "version": "v1"},
    "operation": {"id": "get-order", "name": "Get order", "method": "GET", "urlTemplate": "/orders/{orderId}"},
    "product": {"id": "gold", "name": "Gold"},
    "subscription": {"id": "sub-17", "name": "Shop front"},
    "user": {"id": "u-9", "email": "kim@example.org", "groups": [{"id": "g1", "name": "staff"}]},
    "deployment": {"region": "North Europe", "serviceName": "gw"},
    "lastError": {"source": "validate-jwt", "reason": "TokenExpired", "message": "The token has expired"},
    "variables": {
        "accessToken": {"type": "string", "value": "eyJhbGciOi.JIUzI1NiJ9.c2ln"},
        "attempt": {"type": "int", "value": 2},
        "basic": {"type": "string", "value": "a2ltOnBhc3M6d29yZA=="},
        "client": {"type": "string", "value": "kim"},
        "config": {"type": "JObject", "value": json.dumps({"limits": {"daily": 500, "burst": 20}, "mode": "strict"})},
        "correlation": {"type": "string", "value": "9C8B7A69-5847-4635-A413-02F1E0DFCEBD"},
        "fallback": {"type": "bool", "value": True},
        "jwt": {"type": "Jwt", "value": _TOKEN},
        "login": {
            "type": "IResponse",
            "value": {
                "statusCode": 200,
                "headers": {"Content-Type": "application/json"},
                "body": json.dumps({"access_token": "tk-1", "expires_in": 3600, "token_type": "Bearer"}),
            },
        },
        "form": {
            "type": "IResponse",
            "value": {"statusCode": 200, "body": "grant_type=client_credentials&scope=orders.read+orders.write"},
        },
        "pool": {"type": "JArray", "value": json.dumps(_POOL)},
        "secret": {"type": "string", "value": "pass:word"},
        "session": {"type": "JObject", "value": json.dumps({"id": "sid-1", "ttl": 900, "refresh": "rt-9"})},
        "tenant": {"type": "string", "value": "contoso"},
        "wait": {"type": "int", "value": 45},
    },
}

CASES: dict[str, str] = {
    # status codes and plain members
    "status_either": "@(context.Response.StatusCode == 408 || context.Response.StatusCode == 429)",
    "status_range": "@(context.Response.StatusCode >= 300 && context.Response.StatusCode < 500)",
    "plain_member": "@(context.Subscription.Id)",
    "absent_parent": '@(context.Product?.Name ?? "none")',
    "last_error": '@(context.LastError.Source + ": " + context.LastError.Message)',
    # headers, parameters, URL parts
    "header_equals": '@(context.Request.Headers.GetValueOrDefault("X-Channel", "") == "mobile")',
    "header_default": '@(context.Request.Headers.GetValueOrDefault("X-Region", "unknown"))',
    "header_key": '@(context.Request.Headers.ContainsKey("X-Trace") == false)',
    "header_first": '@(context.Request.Headers["Accept"][0])',
    "query_default": '@(context.Request.Url.Query.GetValueOrDefault("api-version", "2023-01-01"))',
    "url_parts": '@($"{context.Request.OriginalUrl.Scheme}://{context.Request.OriginalUrl.Host}'
    '{context.Request.Url.Path}{context.Request.Url.QueryString}")',
    "parameter_key": '@(context.Request.MatchedParameters["model"] + "-" + context.Deployment.Region'
    ' + "-" + context.Api.Revision)',
    "escaped_url": '@("/login?back=" + Uri.EscapeDataString(context.Request.OriginalUrl.ToString()))',
    # variables
    "variable_bearer": '@("Bearer " + (string)context.Variables["accessToken"])',
    "variable_known": '@(context.Variables.ContainsKey("fallback") && (bool)context.Variables["fallback"])',
    "variable_default": '@(context.Variables.GetValueOrDefault<string>("mode", "batch") == "batch")',
    "variable_hole": '@($"cache-{context.Variables["tenant"]}-{(int)context.Variables["attempt"]}")',
    # text
    "split_domain": "@(context.User.Email.Split('@')[1])",
    "ends_with": '@(!context.User.Email.EndsWith("@example.com"))',
    "first_address": '@(context.Request.Headers.GetValueOrDefault("X-Forwarded-For", context.Request.IpAddress)'
    ".Split(',')[0].Trim())",
    "replaced_path": '@(context.Request.Url.Path.Replace("/v1/", "/v2/").TrimEnd(\'/\'))',
    "same_method": '@(context.Request.Method.Equals("post", StringComparison.OrdinalIgnoreCase))',
    "masked_key": """@{
        var key = context.Request.Headers.GetValueOrDefault("X-Key", "");
        if (string.IsNullOrEmpty(key) || key.Length < 12) { return "none"; }
        return key.Substring(0, 4) + "…" + key.Substring(key.Length - 4);
    }""",
    "lower_contains": '@(context.Request.Headers.GetValueOrDefault("Content-Type", "").ToLower().Contains("json"))',
    # numbers and time
    "parsed_number": '@(int.Parse(context.Request.Headers.GetValueOrDefault("X-Attempt", "1")) * 1000 + 250)',
    "number_from_variables": '@(Math.Min((int)context.Variables["wait"] * (int)context.Variables["attempt"], 60) % 7)',
    "later_date": '@(context.Timestamp.AddMinutes(15).ToString("yyyy-MM-ddTHH:mm:ssZ"))',
    "unix_time": '@(DateTimeOffset.UtcNow.AddSeconds((int)context.Variables["wait"] / 2).ToUnixTimeSeconds())',
    # Convert, Guid, Regex
    "basic_header": '@("Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes('
    '(string)context.Variables["client"] + ":" + (string)context.Variables["secret"])))',
    "guid_digits": '@(Guid.Parse((string)context.Variables["correlation"]).ToString("N"))',
    "regex_path": '@(Regex.IsMatch(context.Request.Url.Path, "^/shop/v[0-9]+/orders/[0-9]+"))',
    # bodies and JSON
    "body_member": '@(context.Request.Body.As<JObject>(preserveContent: true)["model"].ToString())',
    "response_variable": '@("Bearer " + (string)((IResponse)context.Variables["login"]).Body'
    '.As<JObject>(true)["access_token"])',
    "object_member": '@((int)((JObject)context.Variables["session"])["ttl"])',
    "built_object": """@{
        return new JObject(
            new JProperty("code", context.Response.StatusCode),
            new JProperty("message", "No backend for " + context.Request.Headers.GetValueOrDefault("X-Channel", "")),
            new JProperty("details", new JObject(new JProperty("id", context.User.Id)))
        ).ToString();
    }""",
    # sequences, tokens, cookies, failures
    "linq_pool": '@(((JArray)context.Variables["pool"]).Where(b => !(bool)b["throttled"])'
    '.Select(b => (string)b["name"]).FirstOrDefault())',
    "jwt_claim": '@(((Jwt)context.Variables["jwt"]).Claims.GetValueOrDefault("roles", "").Contains("writer"))',
    "cookie": """@{
        foreach (var part in context.Request.Headers.GetValueOrDefault("Cookie", "").Split(';')) {
            var pair = part.Trim();
            if (pair.StartsWith("sid=", StringComparison.Ordinal)) { return pair.Substring(4); }
        }
        return "";
    }""",
    "caught": """@{
        try { return int.Parse((string)context.Variables["tenant"]); }
        catch (FormatException) { return -1; }
    }""",
    "weighted_loop": """@{
        var left = 35;
        foreach (JObject backend in (JArray)context.Variables["pool"]) {
            left -= (int)backend["weight"];
            if (left < 0) { return (string)backend["url"]; }
        }
        return null;
    }""",
}
"""Expressions by name."""
