"""Search for words: BM25 over the text of metadata, and the fusion of several rankings.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-vectors-querying-full-text-and-vector-search.md
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

# The usual constants: how soon a repeated word stops counting, and how much the length of a text matters.
K1 = 1.2
B = 0.75
# That of Reciprocal Rank Fusion.
RRF = 60

# A word, or a single character of scripts that write without blanks.
_WORD = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+")


def words(text: str) -> list[str]:
    """The standard analyzer: words in lower case."""
    return _WORD.findall(text.lower())


def bm25(query: str, texts: Mapping[str, str]) -> dict[str, float]:
    """The score of each text, by key, that has a word of the query."""
    counted = {key: Counter(words(text)) for key, text in texts.items()}
    average = sum(count.total() for count in counted.values()) / max(len(counted), 1)
    scores: dict[str, float] = {}
    for word in dict.fromkeys(words(query)):
        having = [key for key, count in counted.items() if count[word]]
        rarity = math.log(1 + (len(counted) - len(having) + 0.5) / (len(having) + 0.5))
        for key in having:
            count = counted[key]
            weight = K1 * (1 - B + B * count.total() / average)
            scores[key] = scores.get(key, 0.0) + rarity * count[word] * (K1 + 1) / (count[word] + weight)
    return scores


def ranked(scores: Mapping[str, float]) -> list[str]:
    """Keys, the highest score first."""
    return sorted(scores, key=lambda key: (-scores[key], key))


def fused(rankings: Iterable[Sequence[str]]) -> dict[str, float]:
    """Reciprocal Rank Fusion: who is far up in several rankings is far up in all."""
    scores: dict[str, float] = {}
    for ranking in rankings:
        for rank, key in enumerate(ranking, 1):
            scores[key] = scores.get(key, 0.0) + 1 / (RRF + rank)
    return scores
