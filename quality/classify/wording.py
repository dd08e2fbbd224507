"""Plain words for what the model counts: nobody should have to know a feature's name.

Each count has two phrases, one for where there is none and one for where there is some: what
is missing speaks for a label as much as what is there.
"""

from __future__ import annotations

from collections.abc import Sequence

SHARE = ", share"
MARKERS = "puff words"
# Phrases that begin like this weigh with the model and say nothing to a reader.
QUIET = "its share"
_MOST_HEADING = 40

# Name of the count: what to say of none, what to say of some. `{n}` is the number.
_PHRASES = {
    "second_person words": ("does not speak to the reader", "speaks to the reader as “you”"),
    "first_singular words": ("no “I” or “my”", "speaks in the first person (“I”, “my”)"),
    "first_plural words": ("no “we” or “our”", "speaks as “we”"),
    "third_person words": ("no “he” or “she”", "tells of a person (“he”, “she”)"),
    "they words": ("no “they” or “their”", "tells of several (“they”, “their”)"),
    "can words": ("no “can” or “may”", "says what can or may be"),
    "should words": ("no “should” or “must”", "says what should or must be"),
    "will words": ("nothing said of the future", "says what will be"),
    "said words": ("nobody is quoted as saying it", "says who said it"),
    "was words": ("nothing told in the past tense", "told in the past tense"),
    "is words": ("hardly an “is” or “are”", "states what is"),
    "time words": ("no day or time", "names a day or time"),
    "people words": ("no office or authority", "names an office or authority"),
    "event words": ("no verb of events", "verbs of events"),
    "imperative words": ("no verb of command", "verbs of command"),
    MARKERS: ("no word from the marker list", "{n} of {of} words from the marker list"),
    "abstract words": ("no general nouns", "general nouns (“approach”, “impact”)"),
    "vague words": ("nothing vague", "vague words (“various”, “often”)"),
    "linking words": ("no linking words", "linking words (“moreover”, “overall”)"),
    "argument words": ("no words of argument", "words of argument (“because”, “but”)"),
    "define words": ("defines nothing", "words of definition (“called”, “such as”)"),
    "unit words": ("no unit of measure", "units of measure"),
    "question words": ("no “how” or “what”", "says how, what or why"),
    "this words": ("no “this” or “it”", "points back with “this” or “it”"),
    "article words": ("no articles", QUIET + " of “the” and “a”"),
    "preposition words": ("no prepositions", QUIET + " of prepositions"),
    "conjunction words": ("no “and”", QUIET + " of “and” and “or”"),
    "compare words": ("compares nothing", "comparisons (“more”, “better”)"),
    "feeling words": ("no words of feeling", "words of feeling (“love”, “great”)"),
    "sell words": ("no words of selling", "words of selling (“our services”, “offer”)"),
    "code words": ("no words of software", "words of software"),
    "kitchen words": ("no words of the kitchen", "words of the kitchen"),
    "court words": ("no words of the court", "words of the court"),
    "model_talk words": ("no talk of a language model", "talk of a language model"),
    "question marks": ("no question", "asks a question"),
    "exclamation marks": ("no exclamation", "exclaims"),
    "colons": ("no colon", "a colon"),
    "semicolons": ("no semicolon", "a semicolon"),
    "brackets": ("no brackets", "brackets"),
    "commas": ("no comma", QUIET + " of commas"),
    "quotation marks": ("no quote", "quotation marks"),
    "dashes": ("no dash", "dashes"),
    "table bars": ("no table", "columns of a table"),
    "code marks": ("no marks of code", "marks of code"),
    "ellipses": ("no dots", "trails off in dots"),
    "names": ("no name", "{n} name{s}"),
    "figures": ("no figure", "{n} figure{s}"),
    "years": ("no year", "{n} year{s}"),
    "sums of money": ("no sum of money", "{n} sum{s} of money"),
    "percentages": ("no percentage", "{n} percentage{s}"),
    "abbreviations": ("no abbreviation", "{n} abbreviation{s}"),
    "links": ("no web address", "{n} web address{es}"),
    "rare -ing words": ("no rare “-ing” word", "rare “-ing” words"),
    "rare -ed words": ("no rare “-ed” word", "rare “-ed” words"),
    "rare -ly words": ("no rare “-ly” word", "rare “-ly” words"),
    "rare -tion words": ("no rare “-tion” word", "rare “-tion” words"),
    "particular words": ("no name, figure or address", "{n} name{s}, figures or addresses"),
    "rare words": ("only common words", "{n} rare word{s}"),
    "words": ("", "{n} word{s} long"),
    "sentences": ("", "{n} sentence{s}"),
    "words a sentence": ("", "sentences of {n} word{s}"),
    "letters a word": ("", QUIET + " of long words"),
    "capitals": ("no capitals", QUIET + " of capitals"),
    "sentences opened by a command": ("no sentence opens with a command", "opens with commands"),
    "list form": ("not an item of a list", "an item of a list"),
    "opens with a label": ("no label in front", "opens with a label"),
    "opens with a command": ("does not open with a command", "opens with a command"),
    "opens with a name": ("does not open with a name", "opens with a name"),
    "opens in lower case": ("opens with a capital", "opens in lower case"),
    "opens with a figure": ("does not open with a figure", "opens with a figure"),
    "ends without a full stop": ("ends with a full stop", "ends without a full stop"),
    "ends with a colon": ("does not end with a colon", "ends with a colon"),
    "ends with a question": ("does not end with a question", "ends with a question"),
}


def counted(name: str) -> str:
    """The count that a column counts, alone or as a share.

    >>> counted("names, share")
    'names'
    """
    return name.removesuffix(SHARE)


def say_count(name: str, number: float, of: int) -> str:
    """A style count in words; `number` counts `name`, in a paragraph of `of` words.

    >>> say_count("names", 2.0, 31)
    '2 names'
    >>> say_count("figures", 0.0, 31)
    'no figure'
    """
    none, some = _PHRASES[counted(name)]
    whole = round(number)
    if not whole and none and number == 0.0:
        return none
    return some.format(n=whole, of=of, s="" if whole == 1 else "s", es="" if whole == 1 else "es")


def join(grounds: Sequence[str]) -> str:
    """Grounds on one line, each said once.

    >>> join(["no name", "2 figures", "no name"])
    'no name, 2 figures'
    """
    return ", ".join(dict.fromkeys(ground for ground in grounds if ground))


def shorten(heading: str) -> str:
    """A heading as a reason quotes it: long titles are known by their beginning.

    >>> shorten("Corvale's Pension Vote and the Future of Your Golden Years")
    "Corvale's Pension Vote and the Future…"
    """
    words = heading.strip()
    if len(words) <= _MOST_HEADING:
        return words
    return words[:_MOST_HEADING].rsplit(None, 1)[0].rstrip(",;:") + "…"
