"""The conversation behind `embedconsole setup`, and the configuration that it writes."""
