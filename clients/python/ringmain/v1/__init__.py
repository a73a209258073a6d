"""Generated messages and stubs of the `ringmain.v1` contract."""
