"""Spark on Hadoop's s3a; what the job does is in spark_job.py."""

import subprocess
from pathlib import Path


def test_a_job_writes_reads_renames_and_removes(prepared, environment, s3, bucket, tmp_path):
    python, jars = prepared("spark/bin/python"), prepared("spark/jars")
    listed = ",".join(str(jar) for jar in sorted(jars.iterdir()))
    command = [python, Path(__file__).parent / "spark_job.py", bucket, environment["AWS_ENDPOINT_URL"], listed]
    variables = {**environment, "PYSPARK_PYTHON": str(python), "SPARK_LOCAL_DIRS": str(tmp_path)}
    done = subprocess.run(command, env=variables, cwd=tmp_path, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.splitlines() == [
        "rows 600 of one city 200 price 134550.0",
        "lines 2",
        "renamed True False",
        "removed True False",
    ]
    keys = [each["Key"] for each in s3.list_objects_v2(Bucket=bucket, Prefix="warehouse/orders/")["Contents"]]
    assert "warehouse/orders/_SUCCESS" in keys and not [key for key in keys if "__magic" in key or "_temporary" in key]
