"""Which generation a pipeline fills, given its configuration now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.sync.space import check_space

if TYPE_CHECKING:
    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.assembly import Assembly


def current_generation(assembly: Assembly, ledger: Ledger) -> Generation | None:
    """The generation that fills the configured collection; None when there is none yet."""
    return generation_of(assembly.pipeline, ledger)


def generation_of(pipeline: Pipeline, ledger: Ledger) -> Generation | None:
    """The same of a pipeline whose parts are not at hand."""
    generation = ledger.generations.current(pipeline.name)
    if generation is None or generation.collection != pipeline.collection.name:
        return None
    return generation


def settled_generation(assembly: Assembly, ledger: Ledger, *, force: bool) -> Generation:
    """The generation to fill, begun when the pipeline or its collection is new.

    Args:
        force: Everything is being embedded again, so that another model may take over in place.

    Raises:
        ConfigError: the vectors would not be comparable with those already there.
    """
    pipeline = assembly.pipeline
    generation = current_generation(assembly, ledger)
    if generation is None:
        return ledger.generations.begin(pipeline.name, pipeline.collection.name, assembly.space)
    if generation.space != assembly.space:
        if not force:
            check_space(pipeline.name, generation, assembly.space)
        ledger.generations.set_space(generation.id, assembly.space)
        generation = replace(generation, space=assembly.space)
    return generation
