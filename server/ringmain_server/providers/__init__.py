"""Room 4: the providers. A kind's package is imported only when a provider of that kind is configured."""
