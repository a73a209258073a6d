"""Room 4, the sandbox: speech that it speaks and hears itself."""
