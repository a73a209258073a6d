"""The Ringmain service: a typed gRPC gateway in front of many model providers."""
