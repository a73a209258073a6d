"""Room 4: the providers. Each kind's package is imported only when a provider of that kind is configured."""
