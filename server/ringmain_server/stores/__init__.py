"""Room 3: stores, small protocols with an implementation in memory."""
