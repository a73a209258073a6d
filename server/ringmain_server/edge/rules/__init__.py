"""Room 1, pure: the rules that the contract states in words, in one module for each kind of request."""
