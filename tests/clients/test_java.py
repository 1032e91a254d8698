"""The AWS SDK for Java, version 2: synchronous, asynchronous over Netty, and its transfer manager. Its tests are in java/Client.java."""

import os
import re
from pathlib import Path

import pytest

SOURCE = (Path(__file__).parent / "java" / "Client.java").read_text()


@pytest.mark.parametrize("name", re.findall(r"^  static void (\w+)\(\) ", SOURCE, re.MULTILINE))
def test_the_sdk(program, prepared, environment, bucket, name):
    environment.update(BUCKET=bucket, LC_ALL="C.UTF-8")
    classes = os.pathsep.join([str(prepared("java/classes")), f"{prepared('java/jars')}/*"])
    program("java", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", "-cp", classes, "Client", name)
