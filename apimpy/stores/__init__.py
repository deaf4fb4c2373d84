"""State that outlives a request: implementations of the store ports of `apimpy.runtime.ports`."""
