"""What Parameter Store allows, as data.

https://docs.aws.amazon.com/general/latest/gr/ssm.html#limits_ssm (Parameter Store) and
https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html
"""

from typing import Final

VALUE_BYTES: Final = {"Standard": 4096, "Advanced": 8192}
PARAMETERS: Final = {"Standard": 10_000, "Advanced": 100_000}
LEVELS: Final = 15
NAME_WITH_ARN: Final = 1011
VERSIONS: Final = 100
LABELS_PER_VERSION: Final = 10
POLICIES: Final = 10
TAGS: Final = 50

# API_DescribeParameters, API_GetParameterHistory, API_GetParametersByPath
PAGE: Final = 50
PATH_PAGE: Final = 10
