"""From files to a ``Config``: every table checked, every name resolved, every fault told at once."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from hashlib import sha256
from pathlib import Path
from types import MappingProxyType
from zoneinfo import ZoneInfo, available_timezones

from monitor.channel import Channel
from monitor.config import outlines
from monitor.config.access import Accesses
from monitor.config.channels import Channels
from monitor.config.check import Entry, checked, entries
from monitor.config.feeds import Feeds
from monitor.config.health import CANARY_FEED, canary_watch, check_free, make_health
from monitor.config.include import added_file, gather, watched
from monitor.config.kinds import exact, guess
from monitor.config.loaded import Config, Log, Polling
from monitor.config.outlines import FeedList
from monitor.config.renamed import understood
from monitor.config.report import Report
from monitor.config.schema import (
    SHARED,
    ChannelTable,
    FeedTable,
    PollingTable,
    RuleTable,
    TermTable,
    Whole,
)
from monitor.config.secret import Secrets
from monitor.config.source import Place, Source, join, parse, read, split
from monitor.config.watches import Known, Watches, check_channels
from monitor.feed import Pace
from monitor.keep import Keep
from monitor.rule import Rule

#: Where a machine says which zone it is in: a link into the zones, or, on Debian, a name.
_LINK, _NAME = Path("/etc/localtime"), Path("/etc/timezone")
_SQLITE = "sqlite:///"
_DATABASE = re.compile(rf"""^[ \t]*database[ \t]*=[ \t]*["']({_SQLITE}[^"'\n]+)["']""", re.MULTILINE)
_NO_RULES: Mapping[str, Rule] = MappingProxyType({})
_UTC = re.compile(r"(Etc/)?(UTC|UCT|Universal|Zulu|GMT)")


def load(
    path: Path,
    *,
    environment: Mapping[str, str],
    today: date | None = None,
    before: Mapping[str, Rule] = _NO_RULES,
    added: str | None = None,
) -> Config:
    """Return the configuration in the file and those that it names; raise ConfigError with every fault.

    Keys that were renamed more than a year before ``today`` are faults. Rules that are as they were ``before`` are
    not made anew. ``added`` is what the file of feeds that were added by command would hold.
    """
    report = Report()
    sources = [understood(source, today, report) for source in gather(path, report, added)]
    return _build(sources, outlines.named(sources[0], report), environment, report, before)


def kept(toml: str, path: Path, *, environment: Mapping[str, str]) -> Config:
    """Return the configuration whose ``toml`` was kept; secrets are read anew; raise ConfigError with every fault.

    Nobody can edit what was kept, so keys that were ever renamed are understood.
    """
    report = Report()
    files = split(toml, path)
    sources = [understood(parse(*file), None, report) for file in files if not outlines.is_list(file[1])]
    lists = [outlines.parse(*file) for file in files if outlines.is_list(file[1])]
    return _build(sources, lists, environment, report, _NO_RULES)


def database_file(path: Path) -> Path:
    """Return the database that the file names, the default one where it names none.

    The line that names it is looked up in the text, since it is asked for when the file as a whole cannot be read.
    """
    source = read(path)
    named = _DATABASE.search(source.text)
    url = named[1] if named else Whole().database
    return Place(source=source).beside(url.removeprefix(_SQLITE)).absolute()


def _build(
    files: Sequence[Source],
    lists: Sequence[FeedList],
    environment: Mapping[str, str],
    report: Report,
    before: Mapping[str, Rule],
) -> Config:
    sources = (*files, *outlines.taken_in(lists, files, report))
    parts = [(Place(source=source), _whole(source, report, main=source is sources[0])) for source in sources]
    main, whole = parts[0]
    feed_tables, feed_names = entries("feeds", FeedTable, parts, report)
    rule_tables, rule_names = entries("rules", RuleTable, parts, report)
    channel_tables, channel_names = entries("channels", ChannelTable, parts, report)
    terms, term_names = entries("terms", TermTable, parts, report)
    if any(source.fault for source in sources):  # what a file would have named cannot be told from what nothing names
        report.close()
    secrets = Secrets(environment, report)
    _check_pace(whole.polling, main.at("polling"), report)
    accesses = Accesses(secrets, report)
    way = accesses.way(whole.network, main.at("network"))
    feeds = Feeds(whole.polling, accesses, way, report).make(feed_tables, feed_names, main.at("feeds"))
    channels = Channels(secrets, report).make(channel_tables, channel_names, main.at("channels"))
    zone = _zone(whole.timezone, main.at("timezone"), environment, report)
    known = Known(
        feeds=feeds,
        feed_tables=feed_tables,
        feed_names=feed_names,
        channel_names=channel_names,
        terms=terms,
        term_names=term_names,
        zone=zone,
    )
    watches = Watches(known, report, before).make(rule_tables, rule_names, main.at("rules"))
    check_channels(whole.health.notify, channel_names, main.at("health", "notify"), report)
    health = make_health(whole.health, channel_names, main.at("health"), secrets, report)
    if health.canary:
        feeds, watches = (*feeds, CANARY_FEED), (*watches, canary_watch(health.canary))
        check_free(feed_names, rule_names, main.at("health", "canary"), report)
    _warn_of_utc(whole, zone, channel_tables, main.at("health", "summary"), report)
    database = _database(whole.database, main.at("database"), report)
    report.close()
    toml = join(sources)
    return Config(
        path=main.source.path,
        files=tuple(dict.fromkeys((*watched(sources), added_file(main.source.path), *secrets.files))),
        sha256=sha256(toml.encode()).hexdigest(),
        toml=toml,
        zone=zone,
        zone_name=zone.key,
        database=f"{_SQLITE}{main.beside(database).absolute()}",
        database_name=database,
        feeds=feeds,
        watches=watches,
        channels=channels,
        pace=Pace(min_interval=whole.polling.min_interval, max_interval=whole.polling.max_interval),
        polling=_polling(whole.polling),
        keep=Keep(items=whole.keep.items, alerts=whole.keep.alerts, size=whole.keep.size),
        allow=whole.network.allow,
        way=way,
        notices=_notices(whole, channels),
        health=health,
        log=Log(level=whole.log.level, format=whole.log.format),
        warnings=report.warnings,
        sources=sources,
    )


def _whole(source: Source, report: Report, *, main: bool) -> Whole:
    place, allowed = Place(source=source), dict(source.table)
    for key in source.table:
        if not main and key in Whole.model_fields and key not in SHARED:
            report.fault(place.at(key), "belongs into the main file", f"an included file holds {', '.join(SHARED)}")
            del allowed[key]
    table, _ = checked(Whole, allowed, place, report)
    return table or Whole()


def _polling(table: PollingTable) -> Polling:
    return Polling(concurrency=table.concurrency, per_host=table.per_host, timeout=table.timeout)


def _notices(whole: Whole, channels: Sequence[Channel]) -> tuple[str, ...]:
    named = whole.health.notify or [channel.name for channel in channels if channel.default]
    return tuple(dict.fromkeys(named))


def _check_pace(table: PollingTable, place: Place, report: Report) -> None:
    if table.min_interval > table.max_interval:
        least, most = exact(table.min_interval), exact(table.max_interval)
        cure = "lower the one, or raise the other"
        report.fault(place.at("min_interval"), f"{least} is over max_interval, {most}", cure)


def _database(url: str, place: Place, report: Report) -> str:
    """Return the path in the URL."""
    path, cure = url.removeprefix(_SQLITE), f'write "{_SQLITE}wirebell.db"'
    if "://" not in url:
        report.fault(place, f"{url!r} is not the address of a database", f'write "{_SQLITE}{url}"')
    elif not url.startswith(_SQLITE):
        report.fault(place, f"{url.partition('://')[0]} is not a database that can be used", cure)
    elif not path or path == ":memory:" or "?" in path:
        report.fault(place, "names no file", cure)
    return path


# --- zone --------------------------------------------------------------------------------------------------------


def _zone(name: str | None, place: Place, environment: Mapping[str, str], report: Report) -> ZoneInfo:
    if name is None:
        return machine_zone(environment)
    zone = _find_zone(name)
    if zone is None:
        report.fault(place, *zone_fault(name))
    return zone or ZoneInfo("UTC")


def zone_fault(name: str) -> tuple[str, str]:
    """Return what is wrong with the name of a zone, and the cure; both are empty where nothing is."""
    if _find_zone(name):
        return "", ""
    return f"no zone is called {name!r}", guess(name, available_timezones()) or 'write such as "Europe/Berlin"'


def _find_zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # no such zone; "../x"; "Europe", which is a folder
        return None


def machine_zone(environment: Mapping[str, str]) -> ZoneInfo:
    """Return the zone of the machine: what TZ names, else what its files say, else UTC."""
    named = (environment.get("TZ", "").removeprefix(":"), _linked(), _written())
    zones = (_find_zone(name) for name in named if name)
    return next((zone for zone in zones if zone), ZoneInfo("UTC"))


def _linked() -> str:
    try:
        return str(_LINK.readlink()).rpartition("zoneinfo/")[2]
    except OSError:
        return ""


def _written() -> str:
    try:
        return _NAME.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _warn_of_utc(
    whole: Whole, zone: ZoneInfo, channels: Sequence[Entry[ChannelTable]], summary: Place, report: Report
) -> None:
    """Warn of hours and times in the zone of a machine that was never told where it is."""
    if whole.timezone is not None or not _UTC.fullmatch(zone.key):
        return
    cure = 'write such as timezone = "Europe/Berlin" at the top'
    for entry in channels:
        if entry.table.quiet:
            report.warn(entry.place.at("quiet"), "these hours are in UTC, the machine's zone", cure)
        if entry.table.digest:
            report.warn(entry.place.at("digest"), "this time is in UTC, the machine's zone", cure)
    if whole.health.summary:
        report.warn(summary, "this time is in UTC, the machine's zone", cure)
