"""Which generation a pipeline fills, given its configuration now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.faults import ConfigError
from embedconsole.sync.former import fields_written, makes_the_same, recipe_text, with_fields
from embedconsole.sync.space import check_space

if TYPE_CHECKING:
    from collections.abc import Set

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.assembly import Assembly


def current_generation(assembly: Assembly, ledger: Ledger) -> Generation | None:
    """The generation that fills the configured collection; None when there is none yet."""
    return generation_of(assembly.pipeline, ledger)


def generation_of(pipeline: Pipeline, ledger: Ledger) -> Generation | None:
    """The same of a pipeline whose parts nobody needs."""
    generation = ledger.generations.current(pipeline.name)
    if generation is None or pipeline.collection.name not in (generation.collection, generation.target):
        return None
    return generation


def settled_generation(assembly: Assembly, ledger: Ledger, *, force: bool) -> Generation:
    """The generation to fill, begun when the pipeline or its collection is new.

    Args:
        force: Everything is being embedded again, so that another model may take over in place.

    Raises:
        ConfigError: the vectors would not be comparable with those already there, or the configuration is
            that of before a re-index.
    """
    pipeline = assembly.pipeline
    generation = current_generation(assembly, ledger)
    if generation is None:
        _check_not_succeeded(pipeline, ledger)
        generation = ledger.generations.begin(pipeline.name, pipeline.collection.name, assembly.space)
    if generation.space != assembly.space:
        if not force:
            check_space(pipeline.name, generation, assembly.space)
        ledger.generations.set_space(generation.id, assembly.space)
        generation = replace(generation, space=assembly.space)
    return noted(generation, pipeline, ledger)


def _check_not_succeeded(pipeline: Pipeline, ledger: Ledger) -> None:
    """Whoever still has the name of before must not take the pipeline back, and pay for all of it again."""
    name = pipeline.collection.name
    live = ledger.generations.current(pipeline.name)
    before = ledger.generations.standby(pipeline.name)
    if live is not None and any(name in (one.collection, one.target) for one in before):
        raise ConfigError(
            f"pipeline {pipeline.name}: {live.collection}, which stands for {live.target}, has taken over "
            f"from its collection {name} by a re-index. Use the configuration of now, with "
            f"pipelines.{pipeline.name}.collection.name: {live.collection}"
        )


def building_generation(assembly: Assembly, ledger: Ledger) -> Generation:
    """The generation that is being built beside the one that is searched.

    Raises:
        ConfigError: there is none, or it is built for another configuration than that of now.
    """
    generation = ledger.generations.building(assembly.pipeline.name)
    if generation is None or generation.space != assembly.space:
        raise ConfigError(
            f"pipeline {assembly.pipeline.name}: no collection is being built for this configuration; "
            "run embedconsole reindex"
        )
    return noted(generation, assembly.pipeline, ledger)


def noted(generation: Generation, pipeline: Pipeline, ledger: Ledger) -> Generation:
    """The generation, with how its content is made from now on noted in the ledger."""
    recipe = with_fields(recipe_text(pipeline), fields_written(generation.recipe))
    if generation.recipe == recipe:
        return generation
    fresh = seen_anew(generation, pipeline)
    if fresh is not generation:
        ledger.generations.forget_scans(generation.id)
    ledger.generations.set_recipe(generation.id, recipe)
    return replace(fresh, recipe=recipe)


def former_fields(generation: Generation, fields: Set[str], ledger: Ledger) -> Set[str]:
    """The payload fields that points may still have of an earlier configuration; all are noted as written."""
    written = fields_written(generation.recipe)
    if generation.recipe is not None and not fields <= written:
        ledger.generations.set_recipe(generation.id, with_fields(generation.recipe, written | fields))
    return written - fields


def forget_former_fields(generation: Generation, fields: Set[str], ledger: Ledger) -> None:
    """Note that no point has any other field of ours than these: those are other programs' from now on."""
    if generation.recipe is not None:
        ledger.generations.set_recipe(generation.id, with_fields(generation.recipe, fields))


def seen_anew(generation: Generation, pipeline: Pipeline) -> Generation:
    """The generation as if nothing was scanned yet, where the same rows make other content than before.

    A watermark tells nothing of that.
    """
    if generation.recipe is None or makes_the_same(generation.recipe, recipe_text(pipeline)):
        return generation
    return replace(generation, watermark=None, scan_age=None)
