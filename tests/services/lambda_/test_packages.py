"""What packages and layers bring: modules, libraries, links, odd names."""

import io
import os
import shutil
import stat
import subprocess
import zipfile

import pytest
from botocore.exceptions import ClientError

from fogbank.services.lambda_.runtime.packages import Packages
from tests.services.lambda_.functions import RUNTIME, code, package

HANDLER = "def handler(event, context):\n"


@pytest.mark.parametrize(
    "handler, file",
    [("src/app.handler", "src/app.py"), ("src.app.handler", "src/app.py"), ("src.handler", "src/__init__.py")],
)
def test_a_handler_may_lie_in_a_directory(functions, handler, file):
    functions.make({file: HANDLER + "    return __name__\n"}, Handler=handler)
    assert functions.call()[0] in ("src.app", "src")


def test_files_are_found_beside_the_code(functions):
    functions.make({"index.py": HANDLER + "    return open('data/texts/ü.txt').read()\n", "data/texts/ü.txt": "grüße"})
    assert functions.call() == ("grüße", None)


def test_modules_of_the_package_come_before_those_of_the_runtime(functions):
    functions.make({"index.py": "import boto3\n" + HANDLER + "    return boto3.own\n", "boto3.py": "own = 'own'\n"})
    assert functions.call() == ("own", None)


def test_pythonpath_leads_to_more_modules(functions):
    source = (
        "import os, vendored, urllib3\n" + HANDLER + "    return [vendored.x, urllib3.x, os.environ['PYTHONPATH']]\n"
    )
    files = {"index.py": source, "vendor/vendored.py": "x = 7\n", "vendor/urllib3.py": "x = 'own'\n"}
    functions.make({"index.py": "import os\n" + HANDLER + "    return os.getcwd()\n"}, "place")
    place = functions.call(name="place")[0]
    if place != "/var/task":
        pytest.skip("this machine allows no mount namespaces")
    functions.make(files, Environment={"Variables": {"PYTHONPATH": "/var/task/vendor"}})
    (number, text, path), _ = functions.call()
    assert (number, text) == (7, "own") and path.startswith("/var/task/vendor:")


def test_the_time_zone_is_that_of_the_environment(functions):
    source = "import time\n" + HANDLER + "    return [time.strftime('%H:%M', time.localtime(0)), time.timezone]\n"
    functions.make(source, "utc")
    functions.make(source, "tokyo", Environment={"Variables": {"TZ": "Asia/Tokyo"}})
    assert functions.call(name="utc") == (["00:00", 0], None)
    assert functions.call(name="tokyo") == (["09:00", -9 * 3600], None)


@pytest.fixture
def library(tmp_path):
    """A shared library with a function `answer`."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    (tmp_path / "answer.c").write_text("int answer(void) { return 42; }\n")
    made = tmp_path / "libanswer.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", made, tmp_path / "answer.c"], check=True)
    return made.read_bytes()


@pytest.mark.parametrize("place", ["layer", "package"])
def test_shared_libraries_are_found(functions, library, place):
    layers, files = [], {"index.py": "import ctypes\n" + HANDLER + "    return ctypes.CDLL('libanswer.so').answer()\n"}
    if place == "package":
        files["lib/libanswer.so"] = library
    else:
        content = {"ZipFile": package({"lib/libanswer.so": library})}
        layers = [functions.client.publish_layer_version(LayerName="l", Content=content)["LayerVersionArn"]]
    functions.make(files, Layers=layers)
    assert functions.call() == (42, None)
    assert functions.call({"again": True}) == (42, None)


def linked(target):
    """A package with a symbolic link."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("real.py", "x = 5\n")
        archive.writestr("index.py", "import linked\n" + HANDLER + "    return linked.x\n")
        link = zipfile.ZipInfo("linked.py")
        link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, target)
    return data.getvalue()


def made_of(functions, data):
    options = {"FunctionName": "f", "Runtime": RUNTIME, "Handler": "index.handler", "Role": functions.role}
    functions.client.create_function(**options, Code={"ZipFile": data})
    functions.settle()


def test_links_inside_of_a_package_are_links(functions):
    made_of(functions, linked("real.py"))
    assert functions.call() == (5, None)


@pytest.mark.parametrize(
    "data, text",
    [(b"no zip at all", "Could not unzip uploaded file"), (package({}), "Uploaded file must be a non-empty zip")],
)
def test_what_is_no_package_is_refused(functions, data, text):
    with pytest.raises(ClientError, match=text) as error:
        made_of(functions, data)
    assert code(error) == "InvalidParameterValueException"


def test_what_nobody_has_used_for_days_is_not_kept_unpacked(tmp_path):
    packages = Packages(str(tmp_path))

    def unpack(number):
        return packages.unpacked(f"{number:064x}", lambda: io.BytesIO(package(HANDLER)))

    old, used = unpack(1), unpack(2)
    for each in (old, used):
        os.utime(each, (0, 0))
    assert unpack(2) == used
    unpack(3)
    assert (os.path.exists(old), os.path.exists(used)) == (False, True)
    assert os.path.exists(unpack(1))
