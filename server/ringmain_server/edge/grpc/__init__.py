"""Room 1: the gRPC listener, its servicers and the services that come with gRPC."""
