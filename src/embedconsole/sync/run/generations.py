"""Which generation a pipeline fills, given its configuration now."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from embedconsole.collection.build import address_of
from embedconsole.faults import ConfigError
from embedconsole.sync.content.recipe_record import fields_written, makes_the_same, recipe_text, with_fields
from embedconsole.sync.content.vector_space import check_space, covers

if TYPE_CHECKING:
    from collections.abc import Set

    from embedconsole.config.pipeline import Pipeline
    from embedconsole.ledger.ledger import Ledger
    from embedconsole.ledger.records.items import Generation
    from embedconsole.sync.run.components import Components


def current_generation(components: Components, ledger: Ledger) -> Generation | None:
    """The generation that fills the configured collection; None when there is none yet."""
    return generation_of(components.pipeline, ledger)


def generation_of(pipeline: Pipeline, ledger: Ledger) -> Generation | None:
    """The generation of a pipeline's collection, which is known by its address and its name.

    Raises:
        ConfigError: the address of the collection can't be read.
    """
    collection = pipeline.collection
    return ledger.generations.at(pipeline.name, collection.name, address_of(collection))


def settled_generation(components: Components, ledger: Ledger) -> Generation:
    """The generation to fill, begun when the pipeline or its collection is new.

    Its space is noted when its first vectors are written, not here: see `note_space`.

    Raises:
        ConfigError: the configuration is the one before a re-index.
    """
    pipeline = components.pipeline
    generation = current_generation(components, ledger)
    if generation is None:
        address = address_of(pipeline.collection)
        _check_not_succeeded(pipeline, address, ledger)
        generation = ledger.generations.begin(
            pipeline.name,
            pipeline.collection.name,
            components.space,
            target=components.own_name,
            address=address,
        )
    elif _was_away(generation, ledger):
        # What changed meanwhile was told to another generation, and may be acknowledged.
        ledger.generations.forget_scans(generation.id)
        ledger.generations.use(generation.id, address_of(pipeline.collection))
        generation = unscanned(generation)
    return noted(generation, components, ledger)


def _was_away(generation: Generation, ledger: Ledger) -> bool:
    """Whether another generation of the pipeline was used since this one was."""
    former = former_generation(generation, ledger)
    if former is None or former.unused_for is None or generation.unused_for is None:
        return False
    return former.unused_for < generation.unused_for


def _check_not_succeeded(pipeline: Pipeline, address: str, ledger: Ledger) -> None:
    """A process with the previous name must not take the pipeline back, and pay for all of it again."""
    name = pipeline.collection.name
    live = ledger.generations.current(pipeline.name)
    before = ledger.generations.standby(pipeline.name, address)
    if live is not None and any(name in (one.collection, one.target) for one in before):
        raise ConfigError(
            f"pipeline {pipeline.name}: {live.collection}, which points to {live.target}, has taken over "
            f"from its collection {name} by a re-index. Use the current configuration, with "
            f"pipelines.{pipeline.name}.collection.name: {live.collection}"
        )


def building_generation(components: Components, ledger: Ledger) -> Generation:
    """The generation that is being built beside the one that is searched.

    Raises:
        ConfigError: there is none, or it is built for another configuration than that of now.
    """
    pipeline = components.pipeline
    generation = ledger.generations.building(pipeline.name, address_of(pipeline.collection))
    if generation is None or generation.space != components.space:
        raise ConfigError(
            f"pipeline {components.pipeline.name}: no collection is being built for this configuration; "
            "run embedconsole reindex"
        )
    return noted(generation, components, ledger)


def former_generation(generation: Generation, ledger: Ledger) -> Generation | None:
    """The generation of another collection that the pipeline used last; it may hold the same vectors."""
    used = (one for one in ledger.generations.others(generation) if one.unused_for is not None)
    return next(used, None)


def mixes_models(generation: Generation, components: Components, ledger: Ledger) -> bool:
    """Whether the vectors of now would lie beside those of another model.

    Further vectors mix with nothing, nor do any where the collection holds none of ours.
    """
    if covers(generation.space, components.space):
        return False
    return ledger.overview.counts(generation.id).synced > 0


def check_models(generation: Generation, components: Components, ledger: Ledger) -> None:
    """Refuse to mix the vectors of two models in one collection.

    Raises:
        ConfigError: the generation's vectors are of another space.
    """
    if mixes_models(generation, components, ledger):
        check_space(components.pipeline.name, generation, components.space)


def noted(generation: Generation, components: Components, ledger: Ledger) -> Generation:
    """The generation, with how its content is made from now on noted in the ledger.

    While its vectors are of another space, what is there was made as noted before: see `note_space`.
    """
    recipe = with_fields(recipe_text(components.pipeline), fields_written(generation.recipe))
    if generation.recipe == recipe:
        return generation
    fresh = seen_anew(generation, components.pipeline)
    if not covers(generation.space, components.space):
        fresh = _remade(generation)
    if fresh is not generation:
        ledger.generations.forget_scans(generation.id, remade=True)
    if generation.space != components.space:
        return fresh
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


def note_space(generation: Generation, components: Components, ledger: Ledger) -> Generation:
    """The generation once vectors of the configuration of now have been written; noted in the ledger."""
    if generation.space == components.space:
        return generation
    fields = fields_written(generation.recipe) | components.recipe().fields
    recipe = with_fields(recipe_text(components.pipeline), fields)
    ledger.generations.set_space(generation.id, components.space, recipe)
    return replace(generation, space=components.space, recipe=recipe)


def seen_anew(generation: Generation, pipeline: Pipeline) -> Generation:
    """The generation as if nothing was scanned yet, where the same rows make other content than before.

    A watermark tells nothing of that.
    """
    if generation.recipe is None or makes_the_same(generation.recipe, recipe_text(pipeline)):
        return generation
    return _remade(generation)


def _remade(generation: Generation) -> Generation:
    return replace(unscanned(generation), remade=True)


def unscanned(generation: Generation) -> Generation:
    """The generation as if nothing was scanned yet."""
    return replace(generation, watermark=None, scan_age=None)
