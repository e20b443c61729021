"""wirebell watches news feeds and rings when a story on your topic breaks."""
