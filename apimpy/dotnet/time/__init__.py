"""System.DateTime, DateTimeOffset, TimeSpan, TimeZoneInfo: dates and times counted in ticks of 100 ns."""
