"""A Qdrant server for tests: the REST API of 1.19 in front of the engine of qdrant-edge-py."""
