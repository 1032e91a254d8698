"""Which fields the types of states have. https://states-language.net/#state-type-table"""

from __future__ import annotations

_ANY = frozenset({"Comment", "QueryLanguage", "Type"})
_FLOW = frozenset({"End", "Next"})
_PATHS = frozenset({"InputPath", "OutputPath"})
_JSONATA = frozenset({"Output"})
_RESULTS = frozenset({"Parameters", "ResultPath"})
_HANDLING = frozenset({"Arguments", "Assign", "Catch", "ResultSelector", "Retry"})
_WORK = _FLOW | _PATHS | _JSONATA | _RESULTS | _HANDLING
_TIMES = ("TimeoutSeconds", "HeartbeatSeconds")
_MAP_NUMBERS = ("MaxConcurrency", "ToleratedFailureCount", "ToleratedFailurePercentage")


def _with_paths(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(names) | {f"{name}Path" for name in names}


FIELDS: dict[str, frozenset[str]] = {
    "Pass": _ANY | _FLOW | _PATHS | _JSONATA | _RESULTS | {"Assign", "Result"},
    "Task": _ANY | _WORK | _with_paths(_TIMES) | {"Credentials", "Resource"},
    "Choice": _ANY | _PATHS | _JSONATA | {"Assign", "Choices", "Default"},
    "Wait": _ANY | _FLOW | _PATHS | _JSONATA | {"Assign", "Seconds", "SecondsPath", "Timestamp", "TimestampPath"},
    "Succeed": _ANY | _PATHS | _JSONATA,
    "Fail": _ANY | {"Cause", "CausePath", "Error", "ErrorPath"},
    "Parallel": _ANY | _WORK | {"Branches"},
    "Map": _ANY
    | _WORK
    | _with_paths(_MAP_NUMBERS)
    | {
        "ItemBatcher",
        "ItemProcessor",
        "ItemReader",
        "ItemSelector",
        "Items",
        "ItemsPath",
        "Iterator",
        "Label",
        "ResultWriter",
    },
}
REQUIRED: dict[str, tuple[str, ...]] = {"Task": ("Resource",), "Choice": ("Choices",), "Parallel": ("Branches",)}
MACHINE = frozenset({"Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"})
PROCESSOR = frozenset({"Comment", "ProcessorConfig", "StartAt", "States"})
BRANCH = frozenset({"Comment", "StartAt", "States"})
RETRIER = frozenset(
    {"BackoffRate", "Comment", "ErrorEquals", "IntervalSeconds", "JitterStrategy", "MaxAttempts", "MaxDelaySeconds"}
)
CATCHER = frozenset({"Assign", "Comment", "ErrorEquals", "Next", "Output", "ResultPath"})

MOMENTS = ("Seconds", "SecondsPath", "Timestamp", "TimestampPath")
JSONATA_ONLY = frozenset({"Arguments", "Items", "Output"})
JSONPATH_ONLY = frozenset(
    {
        "InputPath",
        "ItemsPath",
        "OutputPath",
        "Parameters",
        "ResultPath",
        "ResultSelector",
        *(f"{name}Path" for name in (*_TIMES, *_MAP_NUMBERS, "Cause", "Error", "Seconds", "Timestamp")),
    }
)
# fields of which there is one at most
ALTERNATIVES = (
    *((name, f"{name}Path") for name in (*_TIMES, *_MAP_NUMBERS, "Cause", "Error")),
    ("ItemProcessor", "Iterator"),
    ("ItemSelector", "Parameters"),
    MOMENTS,
)
REFERENCES = tuple(f"{name}Path" for name in (*_TIMES, *_MAP_NUMBERS, "Seconds", "Timestamp"))
TERMINAL = ("Succeed", "Fail")
# field: (least, greatest)
BOUNDS: dict[str, tuple[float, float]] = {
    "TimeoutSeconds": (1, 99999999),
    "HeartbeatSeconds": (1, 99999999),
    "Seconds": (0, 99999999),
    "MaxConcurrency": (0, float("inf")),
    "ToleratedFailureCount": (0, float("inf")),
    "ToleratedFailurePercentage": (0.0, 100.0),
    "IntervalSeconds": (1, 99999999),
    "MaxAttempts": (0, 99999999),
    "BackoffRate": (1.0, float("inf")),
    "MaxDelaySeconds": (1, 31622400),
}

_OBJECT, _ARRAY, _TEXT, _TRUTH = (dict, "Object"), (list, "Array"), (str, "String"), (bool, "Boolean")
# field: the type of its value, and how it is called; what may be of several types, or an expression, is not here
TYPES: dict[str, tuple[type, str]] = {
    **dict.fromkeys(("Comment", "Default", "ErrorPath", "CausePath", "Label", "Next", "Resource", "StartAt"), _TEXT),
    **dict.fromkeys(REFERENCES, _TEXT),
    **dict.fromkeys(("Branches", "Catch", "Choices", "ErrorEquals", "Retry"), _ARRAY),
    **dict.fromkeys(
        ("ItemBatcher", "ItemProcessor", "ItemReader", "Iterator", "ProcessorConfig", "ResultWriter"), _OBJECT
    ),
    **dict.fromkeys(("Assign", "States"), _OBJECT),
    "End": _TRUTH,
}
