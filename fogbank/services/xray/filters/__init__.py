"""Filter expressions: https://docs.aws.amazon.com/xray/latest/devguide/xray-console-filters.html"""

from fogbank.services.xray.filters.matching import Groups, matches
from fogbank.services.xray.filters.nodes import Node
from fogbank.services.xray.filters.parsing import parse, selector

__all__ = ["Groups", "Node", "matches", "parse", "selector"]
