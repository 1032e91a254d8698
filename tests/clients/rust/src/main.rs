//! The AWS SDK for Rust. `rust-client NAME` runs one of the tests below.

use std::error::Error;
use std::time::Duration;

use aws_config::SdkConfig;
use aws_sdk_dynamodb::types::{AttributeDefinition, AttributeValue, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_s3::presigning::PresigningConfig;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumMode, CompletedMultipartUpload, CompletedPart};

type Outcome = Result<(), Box<dyn Error>>;

const PART: usize = 5 * 1024 * 1024;
const KEY: &str = "a//b c+ü/../%2F";

#[tokio::main]
async fn main() -> Outcome {
    let config = aws_config::load_from_env().await;
    match std::env::args().nth(1).as_deref() {
        Some("objects_come_back") => objects_come_back(&config).await,
        Some("uploads_travel_in_parts") => uploads_travel_in_parts(&config).await,
        Some("listings_are_paged") => listings_are_paged(&config).await,
        Some("addresses_are_signed") => addresses_are_signed(&config).await,
        Some("errors_have_their_types") => errors_have_their_types(&config).await,
        Some("tables_keep_items") => tables_keep_items(&config).await,
        Some("queues_pass_messages_on") => queues_pass_messages_on(&config).await,
        other => Err(format!("no such test: {other:?}").into()),
    }
}

fn bucket() -> String {
    std::env::var("BUCKET").expect("BUCKET names a bucket")
}

async fn objects_come_back(config: &SdkConfig) -> Outcome {
    let s3 = aws_sdk_s3::Client::new(config);
    s3.put_object().bucket(bucket()).key(KEY).metadata("colour", "blue").body(ByteStream::from_static(b"hello")).send().await?;
    let got = s3.get_object().bucket(bucket()).key(KEY).checksum_mode(ChecksumMode::Enabled).send().await?;
    assert_eq!(got.metadata().and_then(|found| found.get("colour")).map(String::as_str), Some("blue"));
    assert!(got.checksum_crc32().is_some(), "the SDK sends CRC32 by itself");
    assert_eq!(got.body.collect().await?.into_bytes().as_ref(), b"hello");
    Ok(())
}

async fn uploads_travel_in_parts(config: &SdkConfig) -> Outcome {
    let s3 = aws_sdk_s3::Client::new(config);
    let begun = s3.create_multipart_upload().bucket(bucket()).key("large").send().await?;
    let id = begun.upload_id().unwrap_or_default();
    let mut parts = Vec::new();
    for number in 1..=2 {
        let body = ByteStream::from(vec![number as u8; PART]);
        let sent = s3.upload_part().bucket(bucket()).key("large").upload_id(id).part_number(number).body(body).send().await?;
        parts.push(
            CompletedPart::builder()
                .part_number(number)
                .set_e_tag(sent.e_tag().map(str::to_owned))
                .set_checksum_crc32(sent.checksum_crc32().map(str::to_owned))
                .build(),
        );
    }
    let parts = CompletedMultipartUpload::builder().set_parts(Some(parts)).build();
    let done = s3.complete_multipart_upload().bucket(bucket()).key("large").upload_id(id).multipart_upload(parts).send().await?;
    assert!(done.e_tag().is_some_and(|tag| tag.ends_with("-2\"")), "{done:?}");
    let got = s3.get_object().bucket(bucket()).key("large").range(format!("bytes={}-{}", PART - 1, PART)).send().await?;
    assert_eq!(got.body.collect().await?.into_bytes().as_ref(), [1, 2]);
    Ok(())
}

async fn listings_are_paged(config: &SdkConfig) -> Outcome {
    let s3 = aws_sdk_s3::Client::new(config);
    for name in ["a", KEY, "z"] {
        s3.put_object().bucket(bucket()).key(name).send().await?;
    }
    let mut pages = s3.list_objects_v2().bucket(bucket()).max_keys(1).into_paginator().send();
    let mut keys = Vec::new();
    while let Some(page) = pages.next().await {
        keys.extend(page?.contents().iter().filter_map(|each| each.key().map(str::to_owned)));
    }
    assert_eq!(keys, ["a", KEY, "z"]);
    Ok(())
}

async fn addresses_are_signed(config: &SdkConfig) -> Outcome {
    let s3 = aws_sdk_s3::Client::new(config);
    s3.put_object().bucket(bucket()).key(KEY).body(ByteStream::from_static(b"hello")).send().await?;
    let how = PresigningConfig::expires_in(Duration::from_secs(60))?;
    let signed = s3.get_object().bucket(bucket()).key(KEY).presigned(how).await?;
    println!("{}", signed.uri());
    Ok(())
}

async fn errors_have_their_types(config: &SdkConfig) -> Outcome {
    let s3 = aws_sdk_s3::Client::new(config);
    let error = s3.get_object().bucket(bucket()).key("none").send().await.expect_err("there is none").into_service_error();
    assert!(error.is_no_such_key(), "{error:?}");
    let error = s3.head_object().bucket(bucket()).key("none").send().await.expect_err("there is none").into_service_error();
    assert!(error.is_not_found(), "{error:?}");
    let error = s3.create_bucket().bucket(bucket()).send().await;
    assert!(error.is_ok(), "in us-east-1 the owner may create a bucket again: {error:?}");
    let error = s3.list_objects_v2().bucket(format!("{}-none", bucket())).send().await.expect_err("there is none").into_service_error();
    assert!(error.is_no_such_bucket(), "{error:?}");
    Ok(())
}

async fn tables_keep_items(config: &SdkConfig) -> Outcome {
    let dynamodb = aws_sdk_dynamodb::Client::new(config);
    let attribute = AttributeDefinition::builder().attribute_name("id").attribute_type(ScalarAttributeType::S).build()?;
    let key = KeySchemaElement::builder().attribute_name("id").key_type(KeyType::Hash).build()?;
    let table = dynamodb.create_table().table_name("items").billing_mode(BillingMode::PayPerRequest);
    table.attribute_definitions(attribute).key_schema(key).send().await?;
    let id = AttributeValue::S("1".into());
    let binary = AttributeValue::B(vec![0, 255].into());
    let put = dynamodb.put_item().table_name("items").item("id", id.clone()).item("n", AttributeValue::N("3.50".into())).item("b", binary.clone());
    put.send().await?;
    let got = dynamodb.get_item().table_name("items").key("id", id.clone()).consistent_read(true).send().await?;
    let item = got.item().expect("the item is there");
    assert_eq!((item.get("n"), item.get("b")), (Some(&AttributeValue::N("3.5".into())), Some(&binary)));
    let again = dynamodb.put_item().table_name("items").item("id", id).condition_expression("attribute_not_exists(id)");
    let error = again.send().await.expect_err("it is there").into_service_error();
    assert!(error.is_conditional_check_failed_exception(), "{error:?}");
    Ok(())
}

async fn queues_pass_messages_on(config: &SdkConfig) -> Outcome {
    let sqs = aws_sdk_sqs::Client::new(config);
    let made = sqs.create_queue().queue_name("work").send().await?;
    let queue = made.queue_url().expect("a queue has a URL");
    sqs.send_message().queue_url(queue).message_body("<job> ü").send().await?;
    let got = sqs.receive_message().queue_url(queue).wait_time_seconds(1).send().await?;
    let message = got.messages().first().expect("there is a message");
    assert_eq!(message.body(), Some("<job> ü"));
    sqs.delete_message().queue_url(queue).receipt_handle(message.receipt_handle().unwrap_or_default()).send().await?;
    let error = sqs.get_queue_url().queue_name("none").send().await.expect_err("there is none").into_service_error();
    assert!(error.is_queue_does_not_exist(), "{error:?}");
    Ok(())
}
