"""The configuration: its schema, and ``load``, which returns all of it or raises every fault at once.

    files    source.read | include.gather           text and tables, or what is wrong with the file
             outlines.named | outlines.taken_in      lists in OPML, as files of feeds
    tables   check.checked, check.entries           the schema's tables; a wrong key hides no other fault
    nouns    feeds, access, channels, watches       Feed, Channel, Watch; names resolved, secrets fetched
    → Config | ConfigError

The only noun that reads: the config, what it includes, the lists of feeds that it names, and the files that its secrets
are in.
"""

from monitor.config.added import Addition, with_feed, with_list
from monitor.config.build import database_file, kept, load, machine_zone, zone_fault
from monitor.config.include import added_file
from monitor.config.loaded import Config, Log, Polling
from monitor.config.reference import reference
from monitor.config.sample import Value, sample
from monitor.config.schema import Level, LogFormat

__all__ = [
    "Addition",
    "Config",
    "Level",
    "Log",
    "LogFormat",
    "Polling",
    "Value",
    "added_file",
    "database_file",
    "kept",
    "load",
    "machine_zone",
    "reference",
    "sample",
    "with_feed",
    "with_list",
    "zone_fault",
]
