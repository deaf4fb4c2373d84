"""Names on the network: System.Uri, System.Net.WebUtility, System.Net.IPAddress."""
