"""What goes wrong below a server is said in AWS's words, loses nothing that was acknowledged, and is over when its cause is."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from fogbank.http import Payload, Request
from fogbank.testing import Clients, ServerProcess
from fogbank.testing import server as in_process
from fogbank.testing.in_process import InProcessServer
from tests.storage.examining import doctor

ACCOUNT = "111122223333"
LARGE = b"L" * 200_000
ITEM = b"an item " * 60
LEAF = 10  # what a page begins with, https://www.sqlite.org/fileformat.html#b_tree_pages


class Space:
    """A place for a data directory that can be full."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory / "data"

    def fill(self, server: ServerProcess) -> None:
        """No byte can be written any more."""
        raise NotImplementedError

    def free(self, server: ServerProcess) -> None:
        raise NotImplementedError


class SmallDisk(Space):
    """A file system in memory, where that may be mounted."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.where = directory
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", directory], check=True)

    def fill(self, server: ServerProcess) -> None:
        with open(self.where / "ballast", "wb", buffering=0) as ballast:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while ballast.write(bytes(size)) == size:
                        pass
                except OSError:
                    continue

    def free(self, server: ServerProcess) -> None:
        os.unlink(self.where / "ballast")


class SmallFiles(Space):
    """No file of the server may grow: a limit that anybody may set."""

    def fill(self, server: ServerProcess) -> None:
        self._limit(server, 0)

    def free(self, server: ServerProcess) -> None:
        self._limit(server, resource.getrlimit(resource.RLIMIT_FSIZE)[0])

    @staticmethod
    def _limit(server: ServerProcess, size: int) -> None:
        resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (size, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def may_mount() -> bool:
    return os.geteuid() == 0 and subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


@pytest.fixture(params=[*(["small disk"] if may_mount() else []), "small files"])
def space(request, tmp_path):
    directory = tmp_path / "space"
    directory.mkdir()
    if request.param == "small files":
        yield SmallFiles(directory)
        return
    try:
        yield SmallDisk(directory)
    finally:
        subprocess.run(["umount", "--lazy", directory], check=True)


class Cloud:
    """Clients of a server, and something in each of three services."""

    def __init__(self, server: ServerProcess | InProcessServer) -> None:
        clients = Clients(server.endpoint, ACCOUNT)
        self.s3, self.sqs, self.dynamodb = clients("s3"), clients("sqs"), clients("dynamodb")

    def prepare(self) -> None:
        self.s3.create_bucket(Bucket="bucket")
        self.sqs.create_queue(QueueName="queue")
        self.dynamodb.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        for write in self.writes("before"):
            write()

    def writes(self, name: str):
        """A write of each kind; all are made before and after the fault, and refused during it."""
        item = {"id": {"S": name}, "body": {"B": b"i" * 9000}}
        return [
            lambda: self.s3.put_object(Bucket="bucket", Key=f"{name}-small", Body=b"s" * 9000),
            lambda: self.s3.put_object(Bucket="bucket", Key=f"{name}-large", Body=LARGE),
            lambda: self.s3.copy_object(Bucket="bucket", Key=f"{name}-copy", CopySource="bucket/before-large"),
            lambda: self.dynamodb.put_item(TableName="table", Item=item),
            lambda: self.sqs.send_message(QueueUrl=self.url(), MessageBody=name * 2000),
        ]

    def url(self) -> str:
        return self.sqs.get_queue_url(QueueName="queue")["QueueUrl"]

    def found(self) -> tuple[list[str], list[str]]:
        """The names of objects and items that there are."""
        objects = [each["Key"] for each in self.s3.list_objects_v2(Bucket="bucket")["Contents"]]
        items = self.dynamodb.scan(TableName="table", ProjectionExpression="id")["Items"]
        return objects, sorted(item["id"]["S"] for item in items)

    def messages(self) -> set[str]:
        found = self.sqs.receive_message(QueueUrl=self.url(), MaxNumberOfMessages=10, VisibilityTimeout=0)
        return {message["Body"][:2000] for message in found["Messages"]}


def objects_of(*names: str) -> list[str]:
    return sorted(f"{name}-{kind}" for name in names for kind in ("copy", "large", "small"))


def refusal_of(call) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        call()
    answer = caught.value.response
    return answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Code"]


# -- no room


@pytest.mark.parametrize("durability", ["process", "power"])
def test_a_full_disk_refuses_writes_and_takes_them_when_there_is_room_again(space, durability):
    with ServerProcess(space.directory, f"--durability={durability}") as server:
        cloud = Cloud(server)
        cloud.prepare()
        space.fill(server)
        for write in cloud.writes("during") * 2:
            assert refusal_of(write) == (503, "ServiceUnavailable")
        assert cloud.found() == (objects_of("before"), ["before"])
        assert cloud.s3.get_object(Bucket="bucket", Key="before-large")["Body"].read() == LARGE
        space.free(server)
        for write in cloud.writes("after"):
            write()
        server.kill()
    with in_process(space.directory) as running:
        cloud = Cloud(running)
        assert cloud.found() == (objects_of("after", "before"), ["after", "before"])
        assert cloud.messages() == {"before" * 2000, "after" * 2000} or len(cloud.messages()) == 2
    with in_process(space.directory):
        pass  # looks the last one's shelf through
    assert doctor(space.directory).code == 0


def test_a_server_killed_on_a_full_disk_has_everything_when_there_is_room_again(space):
    with ServerProcess(space.directory) as server:
        cloud = Cloud(server)
        cloud.prepare()
        space.fill(server)
        refusal_of(cloud.writes("during")[0])
        server.kill()
        if isinstance(space, SmallDisk):
            space.free(server)
    with in_process(space.directory) as running:
        assert Cloud(running).found() == (objects_of("before"), ["before"])


def test_a_start_without_any_room_says_so_in_a_line(killed):
    command = [sys.executable, "-m", "fogbank", "start", "--port=0", f"--data-dir={killed}"]
    done = subprocess.run(
        command, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)), capture_output=True, text=True
    )
    assert done.returncode == 5
    assert done.stderr == f"fogbank: cannot open {killed / 'state.db'}: disk I/O error\n"


def test_a_refused_upload_leaves_nothing(space):
    with ServerProcess(space.directory) as server:
        cloud = Cloud(server)
        cloud.prepare()
        before = blobs_of(space.directory)
        space.fill(server)
        for _ in range(3):
            refusal_of(lambda: cloud.s3.put_object(Bucket="bucket", Key="large", Body=LARGE))
        assert blobs_of(space.directory) == before
        space.free(server)


def blobs_of(path) -> list[str]:
    found = [os.path.join(where, name) for where, _, names in os.walk(path / "blobs") for name in names]
    return sorted((name for name in found if os.path.basename(name).isdigit()), key=os.path.getsize)


# -- no permission


def without_privileges() -> None:
    """Root may write everywhere, unless it gives that up before the program begins."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None)
        drop_from_bounding_set, may_override, may_read = 24, 1, 2
        for capability in (may_override, may_read):
            assert libc.prctl(drop_from_bounding_set, capability, 0, 0, 0) == 0


def start_without_privileges(path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fogbank", "start", "--port=0", f"--data-dir={path}"]
    return subprocess.run(command, preexec_fn=without_privileges, capture_output=True, text=True, timeout=60)


def test_a_directory_that_must_not_be_written_is_refused(tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    done = start_without_privileges(tmp_path / "data")
    assert done.returncode == 5
    assert done.stderr == f"fogbank: cannot write to the data directory {tmp_path / 'data'}: Permission denied\n"


def test_a_state_that_must_not_be_written_is_refused(tmp_path):
    with ServerProcess(tmp_path / "data"):
        pass
    for path in (tmp_path / "data").glob("state.db*"):
        path.chmod(0o400)
    done = start_without_privileges(tmp_path / "data")
    assert done.returncode == 5
    assert done.stderr.startswith(f"fogbank: cannot open {tmp_path / 'data' / 'state.db'}: ")
    assert done.stderr.count("\n") == 1


# -- damage


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """The directory of a server that was killed, with all in the log that it wrote."""
    path = tmp_path_factory.mktemp("left")
    with ServerProcess(path) as server:
        Cloud(server).prepare()
        server.kill()
    return path


@pytest.fixture
def killed(left, tmp_path):
    """A copy of it."""
    return shutil.copytree(left, tmp_path / "data")


def damage(path, at: int, data: bytes) -> None:
    with open(path, "r+b") as file:
        file.seek(at, os.SEEK_SET if at >= 0 else os.SEEK_END)
        file.write(data)


def leaves_of_items(path) -> list[int]:
    """Where the pages lie that hold nothing but items: those with some in the middle."""
    with contextlib.closing(sqlite3.connect(path / "state.db")) as connection:
        keys = [key for key, value in connection.execute("SELECT k, v FROM kv ORDER BY k") if ITEM in value]
    middle = keys[len(keys) // 3 : -len(keys) // 3]
    content = (path / "state.db").read_bytes()
    pages = {at: content[at : at + 8192] for at in range(0, len(content), 8192)}
    return [at for at, page in pages.items() if page[0] == LEAF and any(key in page for key in middle)]


def brought_into_one_file(path) -> None:
    with in_process(path):
        pass
    assert not os.path.exists(path / "state.db-wal")


def test_a_damaged_page_is_an_internal_failure_of_what_lies_there(killed, caplog):
    with in_process(killed) as server:
        table = Clients(server.endpoint, ACCOUNT)("dynamodb")
        for start in range(0, 200, 25):
            items = [{"id": {"S": str(start + number)}, "body": {"S": ITEM.decode()}} for number in range(25)]
            table.batch_write_item(RequestItems={"table": [{"PutRequest": {"Item": item}} for item in items]})
    brought_into_one_file(killed)
    for at in leaves_of_items(killed):
        damage(killed / "state.db", at, os.urandom(100))
    with in_process(killed) as server:
        cloud = Cloud(server)
        assert refusal_of(lambda: cloud.dynamodb.scan(TableName="table")) == (500, "InternalFailure")
        assert is_read(cloud.s3, "before-small")
    assert "the store is damaged" in caplog.text and "Traceback" not in caplog.text
    told = doctor(killed)
    assert told.code == 1 and told.out.startswith("store: ")


def test_a_damaged_first_page_is_refused_at_start(killed):
    brought_into_one_file(killed)
    damage(killed / "state.db", 0, os.urandom(100))
    with pytest.raises(RuntimeError, match=r"cannot open .*state.db: file is not a database"):
        ServerProcess(killed)


def test_a_log_that_lost_its_end_gives_what_was_before(killed):
    size = os.path.getsize(killed / "state.db-wal")
    os.truncate(killed / "state.db-wal", size - 20_000)
    with in_process(killed) as server:
        assert Cloud(server).s3.list_buckets()["Buckets"][0]["Name"] == "bucket"
    assert doctor(killed).code == 0


def test_garbage_in_the_log_is_told_and_what_was_before_it_is_there(killed, caplog):
    damage(killed / "state.db-wal", os.path.getsize(killed / "state.db-wal") // 2, os.urandom(500))
    with in_process(killed) as server:
        assert Cloud(server).s3.list_buckets()["Buckets"][0]["Name"] == "bucket"
    assert "the log was damaged" in caplog.text


def test_the_doctor_tells_of_garbage_in_the_log(killed):
    damage(killed / "state.db-wal", os.path.getsize(killed / "state.db-wal") // 2, os.urandom(500))
    told = doctor(killed)
    assert told.code == 1 and told.out.startswith("store: the log was damaged")


@pytest.mark.parametrize("harm", [os.unlink, lambda path: os.truncate(path, 100)])
def test_a_blob_that_is_not_what_it_was_is_an_internal_failure(killed, harm, caplog):
    harm(blobs_of(killed)[0])
    with in_process(killed) as server:
        s3 = Cloud(server).s3
        broken = [key for key in objects_of("before") if not is_read(s3, key)]
    assert broken and "before-small" not in broken
    assert "the blob " in caplog.text and "fogbank doctor" in caplog.text and "Traceback" not in caplog.text
    assert doctor(killed).code == 1


def is_read(s3, key) -> bool:
    try:
        s3.get_object(Bucket="bucket", Key=key)["Body"].read()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InternalFailure"
        return False
    return True


def test_a_directory_without_its_blobs_still_serves_the_rest(killed):
    shutil.rmtree(killed / "blobs")
    with in_process(killed) as server:
        s3 = Cloud(server).s3
        assert is_read(s3, "before-small") and not is_read(s3, "before-large")


# -- an answer that must not leave


class Answers(list):
    """Stands for the connection of a request."""

    disconnected = False

    def send(self, response) -> None:
        self.append(response)


def test_an_answer_that_waited_for_a_lost_commit_is_refused_in_the_words_of_its_service(tmp_path):
    with in_process(data_dir=tmp_path / "data") as running:
        s3 = Clients(running.endpoint, ACCOUNT)("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="key", Body=LARGE)
        url = urlsplit(s3.generate_presigned_url("get_object", {"Bucket": "bucket", "Key": "key"}))
        request = Request("GET", url.path, url.query, {"host": url.netloc}, Payload(b""))
        answers, opened = running.call(read_while_a_commit_is_lost(running.app, request))
    assert [answer.status for answer in answers] == [503]
    assert b"<Code>ServiceUnavailable</Code>" in answers[0].body
    assert [body.fd for body in opened] == [-1]  # closed


async def read_while_a_commit_is_lost(app, request):
    answers, opened = Answers(), []
    open_blob = app.blobs.open
    app.blobs.open = lambda *span: opened.append(open_blob(*span)) or opened[-1]
    app.store._writer.set_commit_hook(lambda: True)
    tx = app.store.begin()
    tx.put(b"any", b"row")
    app.store.accept(tx)
    app.gateway.handle(request, answers)
    await app.store.quiet()
    app.store._writer.set_commit_hook(None)
    return answers, opened
