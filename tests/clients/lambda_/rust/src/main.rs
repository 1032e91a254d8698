//! A function as lambda_runtime has them: typed events, errors of its own, panics, the context.

use lambda_runtime::{run, service_fn, Diagnostic, Error, LambdaEvent};
use serde::{Deserialize, Serialize};

#[derive(Deserialize)]
struct Order {
    id: String,
    #[serde(default)]
    fails: String,
}

#[derive(Serialize)]
struct Receipt {
    order: String,
    request: String,
    function: String,
    memory: i32,
}

async fn take(event: LambdaEvent<Order>) -> Result<Receipt, Diagnostic> {
    let (order, context) = event.into_parts();
    println!("taking {}", order.id);
    match order.fails.as_str() {
        "error" => Err(Diagnostic {
            error_type: "NoSuchOrder".into(),
            error_message: format!("{} is not there", order.id),
        }),
        "panic" => panic!("out of stock"),
        _ => Ok(Receipt {
            order: order.id,
            request: context.request_id,
            function: context.env_config.function_name.clone(),
            memory: context.env_config.memory,
        }),
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    run(service_fn(take)).await
}
