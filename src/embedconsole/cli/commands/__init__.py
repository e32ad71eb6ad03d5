"""The commands: a module for each job, imported when one of its commands is called.

A module holds the options of its commands, what they do and what they print. `COMMANDS` names them for
`embedconsole --help`, in the order of its sections. Read `run` first, then `status` and `failures`.
"""

from embedconsole.cli.group import CommandEntry


def _entry(name: str, section: str, module: str, summary: str) -> CommandEntry:
    return CommandEntry(name, section, summary, f"embedconsole.cli.{module}")


COMMANDS = (
    _entry(
        "run",
        "Sync",
        "commands.run",
        "Run once: find what changed, embed it, write it, delete what is gone; then exit (for cron).",
    ),
    _entry(
        "test",
        "Start",
        "commands.checks",
        "Try everything: configuration, ledger, catalog, each embedder (one real embedding), collection.",
    ),
    _entry(
        "init",
        "Start",
        "commands.checks",
        "Create the collection and its payload indexes; compare one that exists.",
    ),
    _entry(
        "status",
        "Look",
        "commands.status",
        "Show backlog, batches in flight of every process, failures and the collection.",
    ),
    _entry(
        "failures",
        "Look",
        "commands.failures",
        "List the failed items, grouped by cause; with a key, show one item in full.",
    ),
    _entry(
        "retry",
        "Repair",
        "commands.failures",
        "Return failed items to the queue; the next run takes them with all their attempts.",
    ),
    _entry("skip", "Repair", "commands.failures", "Skip failed items until their content changes."),
    _entry(
        "runs",
        "Look",
        "commands.runs",
        "List the runs of all processes; with a number, show one in full and what went wrong in it.",
    ),
    _entry(
        "replay",
        "Look",
        "commands.replay",
        "Look back: the console as it was at a past moment, read-only; arrows step, esc is now.",
    ),
    _entry(
        "search",
        "Look",
        "commands.search",
        "Show the items nearest to a text, to a picture or to another item.",
    ),
    _entry(
        "verify",
        "Repair",
        "commands.verify",
        "Compare catalog, ledger and collection with each other, point by point.",
    ),
    _entry(
        "adopt",
        "Repair",
        "commands.verify",
        "Rebuild a lost ledger from the collection, without paying for one embedding.",
    ),
    _entry(
        "reindex",
        "Repair",
        "commands.reindex",
        "Fill a new collection next to the one that is searched, check it, and point the alias to it.",
    ),
    _entry(
        "explain",
        "Look",
        "commands.inspect",
        "Show all of one item: row, what is sent, hashes, ledger, point, and what happens next and why.",
    ),
    _entry(
        "diff",
        "Look",
        "commands.runs",
        "Show two runs side by side: the figures that differ, and what failed in one of them only.",
    ),
    _entry(
        "sync",
        "Sync",
        "commands.control",
        "Have the daemon or console on the ledger begin a run now, and say which process does.",
    ),
    _entry(
        "pause",
        "Sync",
        "commands.control",
        "Have all processes on the ledger claim nothing until `resume`, also those that start later.",
    ),
    _entry("resume", "Sync", "commands.control", "End a pause: all processes on the ledger continue."),
    _entry(
        "cancel",
        "Sync",
        "commands.control",
        "End the present runs, or those of some pipelines, with what is in flight; the schedule continues.",
    ),
    _entry(
        "doctor",
        "Start",
        "commands.doctor",
        "Gather versions, configuration, states and the last errors into one text to paste into a report.",
    ),
    _entry(
        "notify",
        "Services and settings",
        "commands.checks",
        "Test the notifications: the section `notify` of the configuration.",
    ),
    _entry(
        "feed",
        "Services and settings",
        "commands.feed",
        "The change feed: triggers on the tables of catalog.watch, so that a change is seen within two "
        "seconds.",
    ),
    _entry("config", "Services and settings", "commands.config", "Show and check the configuration in use."),
)
"""The commands that work on a configuration file and on the demo."""

NOT_IN_DEMO = (
    _entry(
        "setup",
        "Start",
        "commands.setup",
        "Ask for database, table, embedder and Qdrant, try each, and write a configuration.",
    ),
    _entry(
        "serve",
        "Services and settings",
        "commands.serve",
        "Serve an embedder over HTTP: /generate-embeddings, /embed, /v1/embeddings, /health, /metrics, "
        "/docs.",
    ),
    _entry(
        "completion",
        "Services and settings",
        "commands.config",
        "Print the script that lets a shell complete commands, options, pipelines and failed keys.",
    ),
    _entry("demo", "Start", "demo", "Try it: a sample catalog, an offline embedder and the embedded engine."),
)
"""The commands that have no use in the demo."""
