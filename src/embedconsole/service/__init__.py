"""The reference embedding service: any embedder of the configuration behind HTTP."""
