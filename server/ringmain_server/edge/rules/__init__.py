"""Room 1, pure: the rules that the contract states in words, one module for each kind of request."""
