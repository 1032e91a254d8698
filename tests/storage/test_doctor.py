"""`fogbank doctor` finds what is damaged, says where, and changes nothing that it is not asked to."""

import asyncio
import os
import shutil
import sqlite3

import pytest

from fogbank.kernel import keys
from fogbank.testing import Clients, server
from tests.storage.examining import doctor

ACCOUNT = "111122223333"


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    """A directory with objects of all kinds, a table whose items expire, and a queue."""
    path = tmp_path_factory.mktemp("sound")
    with server(data_dir=path) as running:
        clients = Clients(running.endpoint, ACCOUNT)
        s3, dynamodb = clients("s3"), clients("dynamodb")
        s3.create_bucket(Bucket="bucket")
        for size in (10, 5_000, 100_000):
            s3.put_object(Bucket="bucket", Key=str(size), Body=b"x" * size)
        where = {"Bucket": "bucket", "Key": "parts"}
        where["UploadId"] = s3.create_multipart_upload(**where)["UploadId"]
        etag = s3.upload_part(**where, PartNumber=1, Body=b"p" * 50_000)["ETag"]
        s3.complete_multipart_upload(**where, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})
        dynamodb.create_table(
            TableName="table",
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        )
        ttl = {"Enabled": True, "AttributeName": "expires"}
        dynamodb.update_time_to_live(TableName="table", TimeToLiveSpecification=ttl)
        expires = {"N": str(int(running.app.clock.now()) + 9999)}
        dynamodb.put_item(TableName="table", Item={"id": {"S": "a"}, "expires": expires})
        clients("sqs").create_queue(QueueName="queue")
    with server(data_dir=path):
        pass  # closes the shelf that the first one filled
    return path


@pytest.fixture
def state(sound, tmp_path):
    """A copy of it."""
    return shutil.copytree(sound, tmp_path / "state")


def blobs_of(path):
    found = [os.path.join(where, name) for where, _, names in os.walk(path / "blobs") for name in names]
    return sorted((name for name in found if os.path.basename(name).isdigit()), key=os.path.getsize)


def change(path, statement, *values):
    connection = sqlite3.connect(path / "state.db")
    with connection:
        changed = connection.execute(statement, values).rowcount
    connection.close()
    return changed


def row(path, *prefix):
    """The key of the first row below the prefix."""
    start = keys.encode(prefix)
    connection = sqlite3.connect(path / "state.db")
    found = connection.execute("SELECT k FROM kv WHERE k >= ? ORDER BY k LIMIT 1", (start,)).fetchone()[0]
    connection.close()
    assert found.startswith(start)
    return found


def test_a_sound_directory_has_no_problems(state):
    code, out, err = doctor(state)
    assert (code, err) == (0, "")
    assert out.startswith("No problems: ") and out.endswith("2 blobs of 150,048 bytes\n")


def test_looking_changes_nothing(state):
    before = sorted(os.walk(state))
    doctor(state)
    assert sorted(os.walk(state)) == before


def test_a_missing_blob_is_found(state):
    name = blobs_of(state)[0]
    os.unlink(name)
    code, out, err = doctor(state)
    assert code == 1 and err == "fogbank: 1 problem\n"
    assert out == f"blob: the blob {os.path.relpath(name, state / 'blobs')} is missing\n"


def test_a_blob_that_lost_its_end_is_found(state):
    os.truncate(blobs_of(state)[0], 49_999)
    code, out, _ = doctor(state)
    assert code == 1
    assert out.endswith(" has 49999 bytes, 50016 were written\n")


def test_a_flipped_bit_in_a_blob_is_found(state):
    with open(blobs_of(state)[1], "r+b") as file:
        file.seek(70_000)
        file.write(b"y")
    code, out, _ = doctor(state)
    assert code == 1
    assert out.endswith(" has other bytes than were written\n")


def test_a_blob_that_a_record_names_but_nothing_keeps_is_found(state):
    key = row(state, "fogbank", "blobs", "", "")
    change(state, "DELETE FROM kv WHERE k = ?", key)
    code, out, err = doctor(state)
    assert code == 1 and err == "fogbank: 2 problems\n"
    assert "a record names the blob" in out and "orphan: nothing keeps the blob" in out


def orphan(state):
    shelf = os.path.dirname(blobs_of(state)[0])
    with open(os.path.join(shelf, "900"), "wb") as file:
        file.write(b"x")
    return os.path.join(shelf, "900")


def test_an_orphan_is_found_and_removed_when_asked_to(state):
    name = orphan(state)
    code, out, _ = doctor(state)
    assert code == 1 and out == f"orphan: nothing keeps the blob {os.path.relpath(name, state / 'blobs')}\n"
    code, out, _ = doctor(state, "--repair")
    assert code == 0 and "Removed 1 orphan\nNo problems" in out
    assert not os.path.exists(name)


def test_repair_leaves_other_problems_as_they_are(state):
    orphan(state)
    os.truncate(blobs_of(state)[1], 3)
    code, _, err = doctor(state, "--repair")
    assert code == 1 and err == "fogbank: 1 problem\n"


def test_what_the_next_start_removes_is_no_problem(state):
    name = orphan(state)
    (state / "blobs" / "open" / os.path.basename(os.path.dirname(name))).touch()
    code, out, _ = doctor(state)
    assert code == 0 and out.startswith("1 blob that nothing keeps: the next start removes them\n")
    with server(data_dir=state):
        assert not os.path.exists(name)


def test_a_record_that_does_not_decode_is_found(state):
    assert change(state, "UPDATE kv SET v = ? WHERE k = ?", b"\xc1", row(state, "sqs", "queues", ACCOUNT))
    code, out, _ = doctor(state)
    assert code == 1
    assert out.startswith(f"record: sqs queues {ACCOUNT} us-east-1 'queue' cannot be decoded: ")


def test_a_record_of_an_unknown_collection_is_found(state):
    change(state, "INSERT INTO kv VALUES (?, ?)", keys.encode(("s3", "novelties", ACCOUNT, "", "x")), b"")
    code, out, _ = doctor(state)
    assert code == 1
    assert out == f"record: s3 novelties {ACCOUNT} 'x' is of no collection that this version has\n"


def test_a_key_that_is_none_is_found(state):
    change(state, "INSERT INTO kv VALUES (?, ?)", b"\xff\xfe", b"")
    code, out, _ = doctor(state)
    assert code == 1 and out.startswith("record: b'\\xff\\xfe' cannot be decoded: ")


def test_a_task_key_that_leads_nowhere_is_found(state):
    assert change(state, "DELETE FROM kv WHERE k = ?", row(state, "fogbank", "tasks", "", ""))
    code, out, _ = doctor(state)
    assert code == 1
    assert out.startswith("task: the task key ('dynamodb', 'expire_items', '111122223333', 'us-east-1', ")


def test_a_task_without_its_key_is_found(state):
    assert change(
        state, "DELETE FROM kv WHERE k = ?", row(state, "fogbank", "task-keys", ACCOUNT, "us-east-1", "dynamodb")
    )
    code, out, _ = doctor(state)
    assert code == 1 and out.endswith("(dynamodb.expire_items) is not the one that its key leads to\n")


def test_a_task_without_a_handler_is_found(state):
    from fogbank.app import App
    from fogbank.config import Settings
    from fogbank.kernel import tasks

    async def plant():
        app = App(Settings(data_dir=str(state), port=0))
        ctx = app.system_context()

        async def put():
            tasks.pending.put(ctx, tasks.Task("sqs", "dance", ACCOUNT, "us-east-1", b"", due=1, id="ab"), 1, "ab")

        await ctx.transact(put)
        await app.close()

    asyncio.run(plant())
    code, out, _ = doctor(state)
    assert (code, out) == (1, "task: ab is for sqs.dance, which this version does not have\n")


def test_a_damaged_page_is_found(state):
    change(state, "PRAGMA wal_checkpoint(TRUNCATE)")
    with open(state / "state.db", "r+b") as file:
        file.seek(-8192, os.SEEK_END)
        file.write(os.urandom(8192))
    code, out, err = doctor(state)
    assert code == 1 and out.startswith("store: ")
    assert "Traceback" not in err


def test_many_problems_of_a_kind_are_counted(state):
    for number in range(30):
        change(state, "INSERT INTO kv VALUES (?, ?)", keys.encode(("s3", "novelties", ACCOUNT, "", str(number))), b"")
    _, out, err = doctor(state)
    assert out.endswith("record: and 10 more\n") and err == "fogbank: 30 problems\n"


# -- what it does not look at


def test_a_directory_that_a_server_uses_is_left_alone(state):
    with server(data_dir=state):
        code, out, err = doctor(state)
    assert (code, out) == (7, "") and err.startswith("fogbank: already running: ")


def test_a_directory_without_state_is_refused_and_stays_empty(tmp_path):
    assert doctor(tmp_path)[0] == 5
    assert os.listdir(tmp_path) == []


def test_a_newer_format_is_refused(state):
    change(state, "PRAGMA user_version = 99")
    code, _, err = doctor(state)
    assert code == 6 and "data format 99" in err


# -- where records and blobs are shared


def test_a_postgresql_store_is_looked_at_while_others_serve(tmp_path):
    from tests.postgres import new_database

    store, blobs = new_database(), str(tmp_path / "blobs")
    with server(data_dir=tmp_path / "one", store=store, blobs=blobs) as running:
        s3 = Clients(running.endpoint, ACCOUNT)("s3")
        s3.create_bucket(Bucket="bucket")
        s3.put_object(Bucket="bucket", Key="large", Body=b"x" * 100_000)
        code, out, err = doctor(tmp_path / "two", f"--store={store}", f"--blobs={blobs}")
        assert (code, err) == (0, "") and "1 blob of 100,032 bytes" in out
        os.unlink(blobs_of(tmp_path)[0])
        code, out, _ = doctor(tmp_path / "two", f"--store={store}", f"--blobs={blobs}")
        assert code == 1 and out.endswith(" is missing\n")
