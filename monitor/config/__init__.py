"""The configuration: its schema, and ``load``, which returns all of it or raises every fault at once.

    files    source.read | include.gather           text and tables, or what is wrong with the file
    tables   check.checked, check.entries           the schema's tables; a wrong key hides no other fault
    nouns    feeds, channels, watches, secret       Feed, Channel, Watch; names resolved, secrets fetched
    → Config | ConfigError

The only noun that reads: the config, what it includes, and the files that its secrets are in.
"""

from monitor.config.build import database_file, kept, load, machine_zone, zone_fault
from monitor.config.loaded import Config, Log, Polling
from monitor.config.reference import reference
from monitor.config.sample import Value, sample
from monitor.config.schema import Level, LogFormat

__all__ = [
    "Config",
    "Level",
    "Log",
    "LogFormat",
    "Polling",
    "Value",
    "database_file",
    "kept",
    "load",
    "machine_zone",
    "reference",
    "sample",
    "zone_fault",
]
