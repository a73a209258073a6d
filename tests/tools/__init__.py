"""The gateway as the usual gRPC tools and balancers see it."""
