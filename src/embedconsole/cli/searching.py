"""`search`: what a customer would find."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from embedconsole.cli.completion_keys import complete_vectors
from embedconsole.cli.group import Command
from embedconsole.cli.options import common_options, json_option, limit_option

if TYPE_CHECKING:
    from embedconsole.cli.invocation import Invocation
    from embedconsole.sync.search.search import Query


@click.command("search", cls=Command, section="Look")
@click.argument("text", required=False)
@click.option("--image", metavar="PATH|URL", help="Instead of a text: the items nearest to a picture.")
@click.option("--similar-to", metavar="KEY", help="Instead of a text: the items nearest to this one.")
@click.option(
    "--where",
    multiple=True,
    metavar="FILTER",
    help="Only what holds of, for example 'price<50' or 'color in (red, blue)'; repeatable, all hold.",
)
@click.option("--group-by", metavar="FIELD", help="One hit for each value of this payload field, the best.")
@limit_option("Hits to show", 10)
@click.option(
    "--vector", metavar="NAME", shell_complete=complete_vectors, help="The named vector to search by."
)
@common_options
@json_option
@click.pass_obj
def search_command(
    invocation: Invocation,
    text: str | None,
    *,
    image: str | None,
    similar_to: str | None,
    where: tuple[str, ...],
    group_by: str | None,
    limit: int,
    vector: str | None,
) -> None:
    """Show the items nearest to a text, to a picture or to another item.

    Filters compare fields of the payload: = != < <= > >=, ~ for words of a text, in (a, b), is null,
    is not null; `and` between them. Dates are written 2026-01-31, nested fields metadata.color.

    \b
    Examples:
      embedconsole search "red running shoes"
      embedconsole search "mug" --where 'price<50' --where 'in_stock=true' --json
      embedconsole search "shoe" -n 3 --where 'color in (red, blue) and price<50'
      embedconsole search --image ./shoe.jpg --group-by product_id
      embedconsole search --similar-to 35
    """
    from embedconsole.cli.commands.search import search_collection

    session = invocation.session()
    sys.exit(
        search_collection(
            session,
            _query(text, image, similar_to),
            where=where,
            group_by=group_by,
            vector=vector,
            limit=limit,
            as_json=invocation.as_json,
        )
    )


def _query(text: str | None, image: str | None, similar_to: str | None) -> Query:
    from embedconsole.headless.picture import picture_reference
    from embedconsole.sync.search.search import ByImage, ByText, LikeItem

    match text, image, similar_to:
        case str(), None, None:
            return ByText(text)
        case None, str(), None:
            return ByImage(picture_reference(image, Path.cwd()), image[:200])
        case None, None, str():
            return LikeItem(similar_to)
    raise click.UsageError("give one of a text, --image PATH|URL and --similar-to KEY")
