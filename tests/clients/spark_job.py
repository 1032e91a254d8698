"""What a Spark job does with a bucket through Hadoop's s3a, run by the interpreter that has Spark: `spark_job.py BUCKET ENDPOINT JARS`."""

import sys

from pyspark.sql import SparkSession

bucket, endpoint, jars = sys.argv[1:]
spark = (
    SparkSession.builder.master("local[2]")
    .config("spark.jars", jars)
    .config("spark.ui.enabled", "false")
    .config("spark.driver.memory", "512m")
    .config("spark.sql.shuffle.partitions", "2")
    .config("spark.hadoop.fs.s3a.endpoint", endpoint)
    .config("spark.hadoop.fs.s3a.path.style.access", "true")
    .config("spark.hadoop.fs.s3a.committer.name", "magic")
    .config("spark.hadoop.fs.s3a.bucket.all.committer.magic.enabled", "true")
    .getOrCreate()
)
root = f"s3a://{bucket}/warehouse"

orders = spark.createDataFrame([(n, f"city {n % 3}", n * 1.5) for n in range(300)], ["id", "city", "price"])
orders.write.partitionBy("city").parquet(f"{root}/orders")
orders.write.partitionBy("city").mode("append").parquet(f"{root}/orders")
read = spark.read.parquet(f"{root}/orders")
print(
    "rows",
    read.count(),
    "of one city",
    read.where("city = 'city 1'").count(),
    "price",
    read.agg({"price": "sum"}).first()[0],
)

orders.limit(3).coalesce(1).write.mode("overwrite").json(f"{root}/lines")
orders.limit(2).coalesce(1).write.mode("overwrite").json(f"{root}/lines")
print("lines", spark.read.json(f"{root}/lines").count())

# a directory is renamed object by object, and removed
path = spark._jvm.org.apache.hadoop.fs.Path
files = path(root).getFileSystem(spark._jsc.hadoopConfiguration())
print("renamed", files.rename(path(f"{root}/lines"), path(f"{root}/moved")), files.exists(path(f"{root}/lines")))
print("removed", files.delete(path(f"{root}/moved"), True), files.exists(path(f"{root}/moved")))
spark.stop()
