"""What wirebell knows of languages: their scripts, their function words, and the forms that one word may take."""

from monitor.language.detection import by_letters, guess
from monitor.language.scripts import code, written_in
from monitor.language.stemming import inner_stems, stems
from monitor.language.words import ANY_FUNCTION_WORD, FUNCTION_WORDS, NAMESAKES

__all__ = [
    "ANY_FUNCTION_WORD",
    "FUNCTION_WORDS",
    "NAMESAKES",
    "by_letters",
    "code",
    "guess",
    "inner_stems",
    "stems",
    "written_in",
]
