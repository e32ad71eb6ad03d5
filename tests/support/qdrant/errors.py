"""What the server answers when it refuses, in its own words and status codes."""

from __future__ import annotations


class ApiError(Exception):
    """Becomes `{"status": {"error": text}}` with the status code."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


def wrong_input(text: str) -> ApiError:
    return ApiError(400, f"Wrong input: {text}")


def not_found(text: str) -> ApiError:
    return ApiError(404, f"Not found: {text}")


def bad_format(text: str) -> ApiError:
    """The body is JSON, but not of the request's form."""
    return ApiError(400, f"Format error in JSON body: {text} at line 1 column 1")


def invalid(text: str) -> ApiError:
    """The body has the right form, but a value that the validator refuses."""
    return ApiError(422, f"Validation error in JSON body: {text}")


def from_engine(error: Exception) -> ApiError:
    """The engine raises bare exceptions; the server sorts them by their words."""
    text = str(error)
    if text.startswith("No point with id"):
        return not_found(f"{text} found")
    if "Service runtime error" in text or "Service error" in text:
        return ApiError(500, f"Service internal error: {text}")
    return wrong_input(text)
