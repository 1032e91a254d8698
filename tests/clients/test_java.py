"""The AWS SDK for Java, version 2.

Synchronous, asynchronous over Netty, its transfer manager (java/Client.java), and its enhanced client of DynamoDB (java/Tables.java).
"""

import os
import re
from pathlib import Path

import pytest

TESTS = [
    (source.stem, name)
    for source in sorted((Path(__file__).parent / "java").glob("*.java"))
    for name in re.findall(r"^  static void (\w+)\(\) ", source.read_text(), re.MULTILINE)
]


@pytest.mark.parametrize(("source", "name"), TESTS)
def test_the_sdk(program, prepared, environment, bucket, source, name):
    environment.update(BUCKET=bucket, LC_ALL="C.UTF-8")
    classes = os.pathsep.join([str(prepared("java/classes")), f"{prepared('java/jars')}/*"])
    program("java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", classes, "Client", source, name)
