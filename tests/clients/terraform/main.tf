terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = "5.100.0" }
  }
}

provider "aws" {}

variable "stage" {
  default = "one"
}

locals {
  trust = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = ["lambda.amazonaws.com", "scheduler.amazonaws.com"] }
    }]
  })
}

data "aws_caller_identity" "self" {}

# -- storage

resource "aws_s3_bucket" "files" {
  bucket_prefix = "terraform-"
  force_destroy = true
  tags          = { stage = var.stage }
}

resource "aws_s3_bucket_versioning" "files" {
  bucket = aws_s3_bucket.files.id
  versioning_configuration { status = "Enabled" }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "files" {
  bucket = aws_s3_bucket.files.id
  rule {
    bucket_key_enabled = true
    apply_server_side_encryption_by_default {
      sse_algorithm     = "aws:kms"
      kms_master_key_id = aws_kms_key.files.arn
    }
  }
}

resource "aws_s3_bucket_cors_configuration" "files" {
  bucket = aws_s3_bucket.files.id
  cors_rule {
    allowed_methods = ["GET"]
    allowed_origins = ["https://${var.stage}.example.com"]
  }
}

resource "aws_s3_bucket_notification" "files" {
  bucket = aws_s3_bucket.files.id
  lambda_function {
    lambda_function_arn = aws_lambda_function.worker.arn
    events              = ["s3:ObjectCreated:*"]
  }
  depends_on = [aws_lambda_permission.files]
}

resource "aws_s3_object" "greeting" {
  bucket       = aws_s3_bucket.files.id
  key          = "greeting.txt"
  content      = "hello ${var.stage}"
  content_type = "text/plain"
  tags         = { stage = var.stage }
  depends_on   = [aws_s3_bucket_versioning.files, aws_s3_bucket_server_side_encryption_configuration.files]
}

resource "aws_s3_object_copy" "greeting" {
  bucket = aws_s3_bucket.files.id
  key    = "copy.txt"
  source = "${aws_s3_bucket.files.id}/${aws_s3_object.greeting.key}"
  tags   = { stage = var.stage }

  tagging_directive = "REPLACE"
}

resource "aws_dynamodb_table" "orders" {
  name             = "terraform-orders"
  billing_mode     = "PAY_PER_REQUEST"
  hash_key         = "pk"
  stream_enabled   = true
  stream_view_type = "NEW_AND_OLD_IMAGES"
  attribute {
    name = "pk"
    type = "S"
  }
  attribute {
    name = "city"
    type = "S"
  }
  global_secondary_index {
    name            = "by-city"
    hash_key        = "city"
    projection_type = "ALL"
  }
  ttl {
    attribute_name = "ends"
    enabled        = true
  }
  tags = { stage = var.stage }
}

resource "aws_dynamodb_table_item" "order" {
  table_name = aws_dynamodb_table.orders.name
  hash_key   = "pk"
  item       = jsonencode({ pk = { S = "1" }, stage = { S = var.stage } })
}

# -- code

resource "aws_iam_role" "worker" {
  name               = "terraform-worker"
  assume_role_policy = local.trust
}

resource "aws_iam_role_policy" "worker" {
  role   = aws_iam_role.worker.id
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["dynamodb:*", "logs:*", "sns:*"], Resource = "*" }] })
}

resource "aws_lambda_function" "worker" {
  function_name    = "terraform-worker"
  role             = aws_iam_role.worker.arn
  filename         = "${path.module}/worker.zip"
  source_code_hash = filebase64sha256("${path.module}/worker.zip")
  handler          = "index.handler"
  runtime          = "python3.12"
  publish          = true
  environment { variables = { STAGE = var.stage } }
  logging_config {
    log_format            = "JSON"
    application_log_level = "INFO"
    system_log_level      = "WARN"
    log_group             = aws_cloudwatch_log_group.worker.name
  }
}

resource "aws_lambda_alias" "live" {
  name             = "live"
  function_name    = aws_lambda_function.worker.function_name
  function_version = aws_lambda_function.worker.version
}

resource "aws_lambda_permission" "files" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.worker.function_name
  principal     = "s3.amazonaws.com"
  source_arn    = aws_s3_bucket.files.arn
}

resource "aws_lambda_event_source_mapping" "orders" {
  event_source_arn  = aws_dynamodb_table.orders.stream_arn
  function_name     = aws_lambda_alias.live.arn
  starting_position = "LATEST"
}

resource "aws_cloudwatch_log_group" "worker" {
  name              = "/terraform/worker"
  retention_in_days = var.stage == "one" ? 7 : 14
}

# -- events

resource "aws_sns_topic" "news" {
  name = "terraform-news"
}

resource "aws_cloudwatch_event_rule" "orders" {
  name          = "terraform-orders"
  event_pattern = jsonencode({ source = ["shop"], detail = { stage = [var.stage] } })
}

resource "aws_cloudwatch_event_target" "news" {
  rule = aws_cloudwatch_event_rule.orders.name
  arn  = aws_sns_topic.news.arn
  input_transformer {
    input_paths    = { id = "$.detail.id" }
    input_template = "\"order <id>\""
  }
}

resource "aws_scheduler_schedule" "nightly" {
  name                = "terraform-nightly"
  schedule_expression = "cron(0 3 * * ? *)"
  flexible_time_window { mode = "OFF" }
  target {
    arn      = aws_sns_topic.news.arn
    role_arn = aws_iam_role.worker.arn
    input    = jsonencode({ stage = var.stage })
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "terraform-errors"
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  metric_name         = "Errors"
  namespace           = "AWS/Lambda"
  period              = 60
  statistic           = "Sum"
  threshold           = var.stage == "one" ? 0 : 1
  dimensions          = { FunctionName = aws_lambda_function.worker.function_name }
  alarm_actions       = [aws_sns_topic.news.arn]
}

# -- secrets

resource "aws_kms_key" "files" {
  enable_key_rotation = true
}

resource "aws_kms_key" "signing" {
  customer_master_key_spec = "ECC_NIST_P256"
  key_usage                = "SIGN_VERIFY"
}

resource "aws_kms_grant" "worker" {
  key_id            = aws_kms_key.files.key_id
  grantee_principal = aws_iam_role.worker.arn
  operations        = ["Decrypt"]
  constraints { encryption_context_subset = { purpose = "files" } }
}

resource "aws_secretsmanager_secret" "token" {
  name                    = "terraform-token"
  recovery_window_in_days = 0
}

resource "aws_secretsmanager_secret_version" "token" {
  secret_id     = aws_secretsmanager_secret.token.id
  secret_string = "token ${var.stage}"
}

resource "aws_ssm_parameter" "stage" {
  name  = "/terraform/stage"
  type  = "SecureString"
  value = var.stage
}

output "account" {
  value = data.aws_caller_identity.self.account_id
}

output "bucket" {
  value = aws_s3_bucket.files.id
}
