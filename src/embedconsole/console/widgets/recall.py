"""What was typed before, to come back with the arrows: pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

_REMEMBERED = 50


@dataclass(frozen=True, slots=True)
class Recall:
    """Texts, the latest last, and how far back the operator is in them; 0 is what he types now."""

    texts: tuple[str, ...] = ()
    back: int = 0

    @property
    def text(self) -> str:
        """The one that he is at; empty for the one being typed."""
        return self.texts[-self.back] if self.back else ""

    def moved(self, by: int) -> Recall:
        """Further back (positive), or forward again."""
        return replace(self, back=min(len(self.texts), max(0, self.back + by)))

    def with_text(self, text: str) -> Recall:
        """Having typed this, at the end again; a text is remembered once."""
        texts = tuple(one for one in self.texts if one != text)
        return Recall((*texts, text)[-_REMEMBERED:] if text else texts)
