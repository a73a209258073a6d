"""Stores: small protocols, each with an implementation in memory."""
