"""Generated messages and stubs of the `ringmain.admin.v1` contract."""
